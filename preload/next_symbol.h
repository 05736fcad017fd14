// SPDX-License-Identifier: MIT
//
// The real functions: for each wrapper the next definition after ours in lookup order, in the version that libc
// gives by default. Other preload libraries that come after devshm are called as they would be without it.
//
// Looked up on first use, without a lock or an allocation, into a cache whose every store is the same value. So a
// wrapper may run before our constructors would, in a signal handler, in a vfork child, and inside malloc's set-up.
#pragma once

#include <errno.h>

#include <atomic>
#include <cstddef>
#include <type_traits>

namespace [[gnu::visibility("hidden")]] devshm {

/// What a wrapper returns for a call that failed: -1, or a null pointer.
template <class Result>
Result failure() {
  if constexpr (std::is_pointer_v<Result>)
    return nullptr;
  else
    return static_cast<Result>(-1);
}

template <class Result>
Result fail_with(int error) {
  errno = error;
  return failure<Result>();
}

/// How a function says that it has failed.
enum class Failure : unsigned char {
  minus_one,       ///< an int of -1, and errno
  minus_one_long,  ///< a long of -1, and errno
  null,            ///< a null pointer, and errno
  none,            ///< not at all (updwtmp)
  error_number,    ///< the error itself; errno has no part in it (posix_spawn and its kin)
};

template <class Result>
constexpr Failure failure_of() {
  if constexpr (std::is_void_v<Result>)
    return Failure::none;
  else if constexpr (std::is_pointer_v<Result>)
    return Failure::null;
  else
    return sizeof(Result) == sizeof(long) ? Failure::minus_one_long : Failure::minus_one;
}

/// Where the real function is kept, once it has been looked up; null until then. All of them are zero in the file, and
/// together in memory.
using Slot = std::atomic<void*>;

/// For a function that reads its arguments by va_arg, and none that would be in a vector register: those need not be
/// put aside.
#define WORDS_ONLY __attribute__((target("general-regs-only")))

/// What is known of a wrapped function beforehand. Its name lies behind it and is not pointed to: a pointer would be
/// one more relocation at the start of every program.
class RealFunction {
 public:
  /// `late`: it may be in a library that is loaded later than the program.
  constexpr RealFunction(Failure failure, bool late) : bits_(static_cast<unsigned char>(failure) | (late ? 8 : 0)) {}
  constexpr Failure failure() const { return static_cast<Failure>(bits_ & 7); }
  bool late() const { return bits_ & 8; }
  const char* name() const { return reinterpret_cast<const char*>(this + 1); }

 private:
  unsigned char bits_;
};

template <class What, std::size_t Size>
struct Named {
  What what;
  char name[Size];
};

/// The next definition of `name`, or null. `late`: also in libraries loaded since the program started.
void* next_definition(const char* name, bool late);

/// The function, looked up if that has not been done yet. Where this libc has no such function, it is one that does the
/// same (stand_ins.h), or else one that fails with ENOSYS. Then the slot stays as it is: the library may still come.
void* find(Slot& slot, const RealFunction& real);

template <class Function>
struct ResultOf;
template <class R, class... P, bool N>
struct ResultOf<R (*)(P...) noexcept(N)> {
  using Type = R;
};
template <class R, class... P, bool N>
struct ResultOf<R (*)(P..., ...) noexcept(N)> {
  using Type = R;
};

/// The way out of one wrapper. Made by NEXT and its kin.
template <class Function, Failure failure_>
struct Next {
  using Result = typename ResultOf<Function>::Type;
  static constexpr Failure failure = failure_;

  /// The real function, or one that fails with ENOSYS.
  [[gnu::always_inline]] Function get() const { return reinterpret_cast<Function>(find(slot, real)); }

  /// The same if it has been looked up already, else null.
  [[gnu::always_inline]] Function known() const {
    return reinterpret_cast<Function>(slot.load(std::memory_order_relaxed));
  }

  const char* name() const { return real.name(); }

  Slot& slot;
  const RealFunction& real;
};

}  // namespace devshm

#define DEVSHM_NEXT(function, late, failure)                                                   \
  ([]() -> ::devshm::Next<decltype(&::function), failure> {                                    \
    static constinit ::devshm::Slot slot{nullptr};                                             \
    alignas(1) static constexpr auto real =                                                    \
        ::devshm::Named<::devshm::RealFunction, sizeof #function>{{failure, late}, #function}; \
    return {slot, real.what};                                                                  \
  }())
#define DEVSHM_FAILURE_OF(function) ::devshm::failure_of<::devshm::ResultOf<decltype(&::function)>::Type>()

/// The next definition of a function that lives in libc itself.
#define NEXT(function) DEVSHM_NEXT(function, false, DEVSHM_FAILURE_OF(function))
/// Of one that may be in a library loaded later (glibc <= 2.33 keeps sem_open, shm_open and dlopen elsewhere).
#define NEXT_LATE(function) DEVSHM_NEXT(function, true, DEVSHM_FAILURE_OF(function))
/// Of one that returns an error number.
#define NEXT_AS_RESULT(function) DEVSHM_NEXT(function, false, ::devshm::Failure::error_number)
