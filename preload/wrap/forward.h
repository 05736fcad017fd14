// SPDX-License-Identifier: MIT
//
// The way of a call with a path to rewrite. Each path is judged, memory is taken on the stack for those that are
// rewritten, as much as they need, and the next definition is called with them.
//
// errno and cancellation are those of the function that gets called. Nothing here allocates or takes a lock.
#pragma once

#include <cstdint>
#include <type_traits>

#include "../next_symbol.h"
#include "path_argument.h"

namespace [[gnu::visibility("hidden")]] devshm {

template <class T>
struct IsPath : std::false_type {};
template <Role role, Base base, class Text>
struct IsPath<PathOf<role, base, Text>> : std::true_type {};

/// An argument that is a path.
struct PathPlace {
  static constexpr std::uint8_t none = 7;

  std::uint8_t index : 3 = none;
  Base base : 2 = Base::none;
  Role role : 3 = Role::named;

  static constexpr PathPlace at(int index, Base base, Role role) {
    PathPlace place;
    place.index = static_cast<std::uint8_t>(index & 7);
    place.base = base;
    place.role = role;
    return place;
  }
  /// The argument that is the descriptor.
  constexpr unsigned base_index() const { return base == Base::before ? index - 1u : index + 1u; }
};

/// Which of a call's arguments are paths. No function takes more than two.
struct PathPlaces {
  PathPlace of[2];
  constexpr unsigned count() const {
    return (of[0].index != PathPlace::none ? 1u : 0u) + (of[1].index != PathPlace::none ? 1u : 0u);
  }
};

/// Any function, called with words. As a variadic one, which some are: on x86_64 those are told that none of their
/// arguments is in a vector register.
using WordFunction = long (*)(long, ...);

/// A call as the machine sees it: six words at the most, in registers on both of our architectures whatever their
/// types. So the way of a call with a path to rewrite is one piece of code for all functions.
struct WordCall {
  const RealFunction& function;
  PathPlaces places;
  long words[6];
  /// Makes the call with the words as they stand.
  long (*run)(const WordCall& call);
  /// The real function, or what `run` needs in its place.
  void* real;

  /// Judges the paths, and makes the call with those in the overlay rewritten.
  long make();

 private:
  const char* path(unsigned number) const { return reinterpret_cast<const char*>(words[places.of[number].index]); }
  int base(unsigned number) const {
    const PathPlace place = places.of[number];
    return place.base == Base::none ? AT_FDCWD : static_cast<int>(words[place.base_index()]);
  }
  Role role(unsigned number) const;
  /// For the two names of a rename or a link. Those of /dev/shm itself may be exchanged, as boundary.h says.
  bool crosses_boundary();
  bool has_failed_with_enoent(long value) const;
  void place(JudgedPath (&paths)[2], char* memory);
  long follow_links(long value, JudgedPath (&paths)[2]);
  long fail(int error) const;
};

template <class... Arguments>
constexpr PathPlaces places_of() {
  PathPlaces places;
  unsigned count = 0;
  int index = 0;
  const auto note = [&]<class T>(std::type_identity<T>) {
    if constexpr (IsPath<T>::value) {
      places.of[count++] = PathPlace::at(index, T::base, T::role);
    }
    ++index;
  };
  (note(std::type_identity<Arguments>{}), ...);
  return places;
}

/// Makes the call of a wrapped function. The arguments follow, as words; six are read, however many there are.
[[gnu::cold, gnu::noinline]] long forward_words(Slot& slot, const RealFunction& real, PathPlaces places, ...);

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

/// What such a call has returned, as its function returns it.
template <class Result>
[[gnu::always_inline]] inline Result from_word([[maybe_unused]] long word) {
  if constexpr (std::is_void_v<Result>)
    return;
  else if constexpr (std::is_pointer_v<Result>)
    return reinterpret_cast<Result>(word);
  else
    return static_cast<Result>(word);
}

/// Calls the next definition with every path argument judged, and rewritten where it lies in the overlay.
template <class Next, class... Arguments>
[[gnu::always_inline]] inline typename Next::Result rewrite(Next next, Arguments... arguments) {
  return from_word<typename Next::Result>(
      forward_words(next.slot, next.real, places_of<Arguments...>(), as_word(arguments)...));
}

/// The same where it depends on the call which arguments are paths.
template <class Next, class... Arguments>
[[gnu::always_inline]] inline typename Next::Result rewrite_at(PathPlaces places, Next next, Arguments... arguments) {
  return from_word<typename Next::Result>(forward_words(next.slot, next.real, places, as_word(arguments)...));
}

/// The same where most calls are ordinary: those are made at once.
template <class Next, class... Arguments>
[[gnu::always_inline]] inline typename Next::Result forward(Next next, Arguments... arguments) {
  if (__builtin_expect((is_ordinary(arguments) && ...), 1))
    if (const auto real = next.known(); __builtin_expect(real != nullptr, 1)) return real(unchanged(arguments)...);
  return rewrite(next, arguments...);
}

/// The way to a function of our own that wants its paths as libc's functions get them: rewritten, and tried again where
/// a call deserves it. It stands in for libc's function `called`. (The address is put in as the program runs: in the
/// object it would be one more relocation at the start of every program.)
#define OWN(function, called)                                                                                     \
  ([]() -> ::devshm::Next<decltype(&function), DEVSHM_FAILURE_OF_OWN(function)> {                                 \
    static constinit ::devshm::Slot slot{nullptr};                                                                \
    alignas(1) static constexpr auto real =                                                                       \
        ::devshm::Named<::devshm::RealFunction, sizeof called>{{DEVSHM_FAILURE_OF_OWN(function), false}, called}; \
    slot.store(reinterpret_cast<void*>(&function), std::memory_order_relaxed);                                    \
    return {slot, real.what};                                                                                     \
  }())
#define DEVSHM_FAILURE_OF_OWN(function) ::devshm::failure_of<::devshm::ResultOf<decltype(&function)>::Type>()

}  // namespace devshm

using devshm::forward;
using devshm::Path;
using devshm::PathAt;
using devshm::PatternPath;
using devshm::rewrite;
using devshm::rewrite_at;
using devshm::SoughtPath;
