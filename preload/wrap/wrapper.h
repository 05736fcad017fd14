// SPDX-License-Identifier: MIT
//
// How to define a wrapper. Most take one line, which says which of the function's arguments are paths (function.h):
//
//   FORWARD(mkdirat, path_at, 2);
//
// A call of such a function first enters entry_<architecture>.S. From there it goes on to libc's function by a tail
// call, so that libc's sees the caller's own frame and return address. Only if a path may match does call.h take over,
// which judges the paths and makes the call.
//
// A wrapper that has more to do is a function of its own, and calls libc's with one of
//
//   NEXT(getcwd)(out, size)                      as it is
//   NEXT(realpath, path, 1).rewrite(path, out)   with its path judged, and rewritten where it lies in the overlay
#pragma once

#include "call.h"

/// A function that the library exports. Everything else is hidden.
#define EXPORT extern "C" __attribute__((visibility("default")))
#define NOTHROW noexcept

/// Another exported name for a wrapper of this file: libc's 64-bit and underscored twins, which on our architectures
/// are the same function there, too.
#define ALIAS(name, function) \
  __asm__(".globl " #name "\n\t.type " #name ", %function\n\t.set " #name ", " #function "\n")

/// A hidden name for a wrapper, for calls within this library: the exported one may be another library's, which may
/// call us. INNER(function) declares it in other files.
#define INNER_NAME(function)                                                                                        \
  __asm__(".globl devshm_inner_" #function "\n\t.hidden devshm_inner_" #function "\n\t.set devshm_inner_" #function \
          ", " #function "\n")
#define INNER(function) extern "C" __attribute__((visibility("hidden"))) decltype(::function) devshm_inner_##function

/// For a function that reads its arguments with va_arg, and none from vector registers, which then need not be saved.
#define WORDS_ONLY __attribute__((target("general-regs-only")))

namespace [[gnu::visibility("hidden")]] devshm {

template <class Type>
struct Signature;
template <class R, class... P, bool N>
struct Signature<R (*)(P...) noexcept(N)> {
  using Result = R;
  static constexpr bool is_text[sizeof...(P) + 1] = {(std::is_same_v<P, const char*> || std::is_same_v<P, char*>)...};
  static constexpr bool is_int[sizeof...(P) + 1] = {std::is_same_v<P, int>...};
};
template <class R, class... P, bool N>
struct Signature<R (*)(P..., ...) noexcept(N)> : Signature<R (*)(P...)> {};

template <class Type>
using ResultOf = typename Signature<Type>::Result;

/// Whether a prototype has paths, and their descriptors, in the given positions.
template <class Type>
constexpr bool has_paths(const Paths& paths) {
  for (const PathArg& path : paths.of) {
    if (!path.position) continue;
    if (!Signature<Type>::is_text[path.position - 1]) return false;
    if (path.directory && !Signature<Type>::is_int[path.directory - 1]) return false;
  }
  return true;
}

template <class Argument>
[[gnu::always_inline]] inline long as_word(Argument argument) {
  if constexpr (std::is_pointer_v<Argument>)
    return reinterpret_cast<long>(argument);
  else
    return static_cast<long>(argument);
}

/// The result of a call, in its function's type.
template <class Result>
[[gnu::always_inline]] inline Result from_word([[maybe_unused]] long word) {
  if constexpr (std::is_void_v<Result>)
    return;
  else if constexpr (std::is_pointer_v<Result>)
    return reinterpret_cast<Result>(word);
  else
    return static_cast<Result>(word);
}

/// A function to call from a wrapper; the result of NEXT and the like.
template <class Type, Paths paths>
struct Target {
  using Result = ResultOf<Type>;

  /// Calls it with the arguments as they are.
  template <class... Arguments>
  [[gnu::always_inline]] Result operator()(Arguments... arguments) const {
    return reinterpret_cast<Type>(real)(arguments...);
  }

  /// Calls it with its paths judged, and rewritten where they lie in the overlay.
  template <class... Arguments>
  [[gnu::always_inline]] Result rewrite(Arguments... arguments) const {
    return rewrite_at(paths, arguments...);
  }

  /// The same if it depends on the call which arguments are paths.
  template <class... Arguments>
  [[gnu::always_inline]] Result rewrite_at(const Paths& these, Arguments... arguments) const {
    Words words = {as_word(arguments)...};
    return from_word<Result>(Call(function, real, these, words).make());
  }

  /// The same as rewrite() for a function whose calls are mostly ordinary: those are made at once.
  template <class... Arguments>
  [[gnu::always_inline]] Result forward(Arguments... arguments) const {
    static_assert(paths.count() == 1);
    Words words = {as_word(arguments)...};
    const bool is_ordinary = !may_match(reinterpret_cast<const char*>(words[paths.of[0].position - 1]));
    if (__builtin_expect(is_ordinary, 1)) return (*this)(arguments...);
    return from_word<Result>(Call(function, real, paths, words).make_matching());
  }

  void* real;
  const Function& function;
};

}  // namespace devshm

// Paths as a macro's last arguments describe them: none, or a kind and its positions.
#define DEVSHM_KIND(kind, ...) ::devshm::kinds::kind(__VA_ARGS__)
#define DEVSHM_PATHS(...) (::devshm::Paths{__VA_OPT__(DEVSHM_KIND(__VA_ARGS__))})
#define DEVSHM_FAILURE_OF(symbol) ::devshm::failure_of<::devshm::ResultOf<decltype(&symbol)>>()

#define DEVSHM_TARGET(symbol, called, failure, is_late, real, paths)                                  \
  ([]() {                                                                                             \
    static_assert(::devshm::has_paths<decltype(&symbol)>(paths));                                     \
    [[maybe_unused]] static constinit ::devshm::Slot slot{nullptr};                                   \
    static constexpr ::devshm::NamedFunction<sizeof called> named{{paths, failure, is_late}, called}; \
    return ::devshm::Target<decltype(&symbol), paths>{real, named.function};                          \
  }())
#define DEVSHM_NEXT(symbol, failure, is_late, ...)                                                  \
  DEVSHM_TARGET(::symbol, #symbol, failure, is_late, ::devshm::real_function(slot, named.function), \
                DEVSHM_PATHS(__VA_ARGS__))

/// The next definition of a function that is in libc itself; which of its arguments are paths.
#define NEXT(symbol, ...) DEVSHM_NEXT(symbol, DEVSHM_FAILURE_OF(::symbol), false __VA_OPT__(, ) __VA_ARGS__)
/// The same for a function that may be in a library loaded later (glibc <= 2.33 keeps sem_open, shm_open and dlopen
/// elsewhere).
#define NEXT_LATE(symbol, ...) DEVSHM_NEXT(symbol, DEVSHM_FAILURE_OF(::symbol), true __VA_OPT__(, ) __VA_ARGS__)
/// The same for a function that reports failure in another way than its type suggests.
#define NEXT_FAILING_WITH(symbol, failure, ...) \
  DEVSHM_NEXT(symbol, ::devshm::Failure::failure, false __VA_OPT__(, ) __VA_ARGS__)
#define NEXT_LATE_FAILING_WITH(symbol, failure, ...) \
  DEVSHM_NEXT(symbol, ::devshm::Failure::failure, true __VA_OPT__(, ) __VA_ARGS__)
/// A function of our own whose paths are rewritten as for libc's functions. It is logged as libc's function `called`.
#define OWN(symbol, called, ...)                                                                    \
  DEVSHM_TARGET(symbol, called, DEVSHM_FAILURE_OF(symbol), false, reinterpret_cast<void*>(&symbol), \
                DEVSHM_PATHS(__VA_ARGS__))

// A forwarding wrapper is assembler code that loads the addresses that entry_<architecture>.S needs and jumps there.
#if defined(__x86_64__)
#define DEVSHM_LOAD_SLOT(name) "lea " name "(%rip), %r11\n\t"
#define DEVSHM_LOAD_FUNCTION(name) "lea " name "(%rip), %r10\n\t"
#define DEVSHM_GO_TO(name) "jmp " name "\n\t"
#elif defined(__aarch64__)
#define DEVSHM_LOAD_SLOT(name) "adr x16, " name "\n\t"
#define DEVSHM_LOAD_FUNCTION(name) "adr x17, " name "\n\t"
#define DEVSHM_GO_TO(name) "b " name "\n\t"
#endif

// The name of the entry for paths at these positions: "2", or "2_4".
#define DEVSHM_POSITIONS(first, ...) #first __VA_OPT__("_" #__VA_ARGS__)

// The variables have names that assembler code can use.
#define DEVSHM_FORWARD(function, failure, kind, ...)                                                               \
  static_assert(::devshm::has_paths<decltype(&::function)>(::devshm::kinds::kind(__VA_ARGS__)));                   \
  [[gnu::used]] static constinit ::devshm::Slot devshm_slot_##function __asm__("devshm_slot." #function){nullptr}; \
  [[gnu::used]] static constexpr ::devshm::NamedFunction<sizeof #function> devshm_function_##function __asm__(     \
      "devshm_function." #function) = {{::devshm::kinds::kind(__VA_ARGS__), failure, false}, #function};           \
  __asm__(                                                                                                         \
      ".pushsection .text\n\t"                                                                                     \
      ".globl " #function "\n\t.type " #function ", %function\n" #function                                         \
      ":\n\t" DEVSHM_LOAD_SLOT("devshm_slot." #function) DEVSHM_LOAD_FUNCTION("devshm_function." #function)        \
          DEVSHM_GO_TO("devshm_enter_" DEVSHM_POSITIONS(__VA_ARGS__)) ".size " #function ", . - " #function        \
                                                                      "\n\t.popsection")

/// A wrapper of a function whose paths are of one of the kinds of function.h, at these positions.
#define FORWARD(function, kind, ...) DEVSHM_FORWARD(function, DEVSHM_FAILURE_OF(::function), kind, __VA_ARGS__)
/// The same for a function that reports failure in another way than its type suggests.
#define FORWARD_FAILING_WITH(function, failure, kind, ...) \
  DEVSHM_FORWARD(function, ::devshm::Failure::failure, kind, __VA_ARGS__)
