// SPDX-License-Identifier: MIT
//
// What all wrappers share. A wrapper is one line that says which of its arguments are paths:
//
//   EXPORT int mkdirat(int dir, const char* path, mode_t mode) NOTHROW {
//     return forward(NEXT(mkdirat), dir, PathAt(path), mode);
//   }
//
// forward() lets a call whose paths can't match straight through, as a tail call, so that libc's function sees the
// caller's own frame and return address. Otherwise it judges each path, takes memory on the stack for those that are
// rewritten, as much as they need, and calls the next definition with them.
//
// errno and cancellation are those of the function that gets called. Nothing here allocates or takes a lock.
#pragma once

#include <cstdint>
#include <type_traits>

#include "../next_symbol.h"
#include "path_argument.h"

/// A function that the library exports. Everything else in it is hidden.
#define EXPORT extern "C" __attribute__((visibility("default")))
#define NOTHROW noexcept

/// Another exported name for a wrapper of this file: libc's 64-bit and underscored twins, which on our architectures
/// are the same function there too. The declared name differs so as not to meet the one in libc's headers.
#define ALIAS(name, function) \
  extern "C"                  \
      __attribute__((visibility("default"), alias(#function))) decltype(::function) devshm_alias_##name __asm__(#name)

/// A wrapper's name for calls within this library: the exported one may be another library's, which may call us.
#define OWN_NAME(function)                                                                               \
  extern "C" __attribute__((visibility("hidden"), alias(#function))) decltype(::function) devshm_own_##function

namespace devshm {

template <class T>
struct IsPath : std::false_type {};
template <Role role, int base, class Text>
struct IsPath<PathOf<role, base, Text>> : std::true_type {};

/// What a call looks like: which of its arguments are paths, and how it says that it has failed.
struct CallShape {
  static constexpr std::uint8_t no_base = 7;
  struct PathAt {
    std::uint8_t index : 3;
    std::uint8_t base : 3;  // the argument that is the descriptor a relative path starts at
    std::uint8_t role : 2;
  };

  std::uint8_t path_count = 0;  // no function takes more than two
  PathAt paths[2] = {};
  Failure failure = Failure::minus_one;
};

/// A call as the machine sees it: six words at the most, in registers on both of our architectures whatever their
/// types. So the way of a call with a path to rewrite is one piece of code for all functions.
struct WordCall {
  const char* name;
  CallShape shape;
  long words[6];
  /// Makes the call with the words as they stand.
  long (*run)(const WordCall& call);
  /// The real function, or what `run` needs in its place.
  void* real;

  /// Judges the paths, and makes the call with those in the overlay rewritten.
  long make();

 private:
  bool has_failed_with_enoent(long value) const;
  void place(JudgedPath (&paths)[2], char* memory);
  long follow_links(long value, JudgedPath (&paths)[2]);
  long fail(int error) const;
};

template <class Next, class... Arguments>
constexpr CallShape shape_of() {
  CallShape shape;
  shape.failure = Next::failure;
  std::uint8_t index = 0;
  const auto note = [&]<class T>(std::type_identity<T>) {
    if constexpr (IsPath<T>::value) {
      const auto base = static_cast<std::uint8_t>(T::base ? index + T::base : CallShape::no_base);
      shape.paths[shape.path_count++] = {index, base, static_cast<std::uint8_t>(T::role)};
    }
    ++index;
  };
  (note(std::type_identity<Arguments>{}), ...);
  return shape;
}

/// Puts the call of a wrapped function together and makes it.
[[gnu::cold, gnu::noinline]] long forward_words(Slot& slot, CallShape shape, long a, long b = 0, long c = 0, long d = 0,
                                                long e = 0, long f = 0);

/// An argument as the real function takes it.
template <class T>
[[gnu::always_inline]] inline auto unchanged(const T& argument) {
  if constexpr (IsPath<T>::value)
    return argument.text;
  else
    return argument;
}

template <class T>
[[gnu::always_inline]] inline bool is_ordinary(const T& argument) {
  if constexpr (IsPath<T>::value)
    return !may_match(argument.text);
  else
    return true;
}

template <class T>
[[gnu::always_inline]] inline long as_word(const T& argument) {
  if constexpr (IsPath<T>::value)
    return reinterpret_cast<long>(argument.text);
  else if constexpr (std::is_pointer_v<T>)
    return reinterpret_cast<long>(argument);
  else
    return static_cast<long>(argument);
}

/// Calls the next definition with every path argument judged, and rewritten where it lies in the overlay.
template <class Next, class... Arguments>
[[gnu::always_inline]] inline typename Next::Result forward(Next next, Arguments... arguments) {
  using Result = typename Next::Result;
  if (__builtin_expect((is_ordinary(arguments) && ...), 1))
    if (const auto real = next.known(); __builtin_expect(real != nullptr, 1)) return real(unchanged(arguments)...);
  constexpr CallShape shape = shape_of<Next, Arguments...>();
  [[maybe_unused]] const long result = forward_words(next.slot, shape, as_word(arguments)...);
  if constexpr (std::is_void_v<Result>)
    return;
  else if constexpr (std::is_pointer_v<Result>)
    return reinterpret_cast<Result>(result);
  else
    return static_cast<Result>(result);
}

/// The way to a function of our own that wants its paths as libc's functions get them: rewritten, and tried again where
/// a call deserves it. It stands in for libc's function `called`. (The address is put in as the program runs: in the
/// object it would be one more relocation at the start of every program.)
#define OWN(function, called)                                                                                    \
  (::devshm::Next<decltype(&function), DEVSHM_FAILURE_OF_OWN(function)>{[]() -> ::devshm::Slot& {                \
    static constinit ::devshm::NamedSlot<sizeof called> named{{nullptr, false, DEVSHM_FAILURE_OF_OWN(function)}, \
                                                              called};                                           \
    named.slot.real.store(reinterpret_cast<void*>(&function), std::memory_order_relaxed);                        \
    return named.slot;                                                                                           \
  }()})
#define DEVSHM_FAILURE_OF_OWN(function) ::devshm::failure_of<::devshm::ResultOf<decltype(&function)>::Type>()

}  // namespace devshm

using devshm::forward;
using devshm::Path;
using devshm::PathAt;
using devshm::PathBefore;
using devshm::PatternPath;
using devshm::RemovedPath;
using devshm::RemovedPathAt;
using devshm::SoughtPath;
