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

namespace devshm {

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

/// What is known of one wrapped function: its real one, once it has been looked up, and its name behind that. The name
/// lies in the object and is not pointed to: a pointer would be one more relocation at the start of every program.
struct Slot {
  std::atomic<void*> real;
  bool late;             // may be in a library that is loaded later than the program
  bool returns_pointer;  // fails with null, not with -1
  const char* name() const { return reinterpret_cast<const char*>(this + 1); }
};

template <std::size_t Size>
struct NamedSlot {
  Slot slot;
  char name[Size];
};

/// Looks the function up and fills the slot. Where this libc has no such function, the answer is one that fails with
/// ENOSYS, and the slot stays as it is: for the late ones the library may still come.
[[gnu::cold, gnu::noinline]] void* look_up(Slot& slot);

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

/// The way out of one wrapper. Made by NEXT and NEXT_LATE.
template <class Function>
struct Next {
  using Result = typename ResultOf<Function>::Type;

  /// The real function, or one that fails with ENOSYS.
  [[gnu::always_inline]] Function get() const {
    void* known = slot.real.load(std::memory_order_relaxed);
    if (__builtin_expect(!known, 0)) known = look_up(slot);
    return reinterpret_cast<Function>(known);
  }

  const char* name() const { return slot.name(); }

  Slot& slot;
};

}  // namespace devshm

#define DEVSHM_NEXT(function, late)                                                                          \
  (::devshm::Next<decltype(&::function)>{[]() -> ::devshm::Slot& {                                           \
    using Result = ::devshm::ResultOf<decltype(&::function)>::Type;                                          \
    static constinit ::devshm::NamedSlot<sizeof #function> named{{nullptr, late, std::is_pointer_v<Result>}, \
                                                                 #function};                                 \
    return named.slot;                                                                                       \
  }()})

/// The next definition of a function that lives in libc itself, and of one that may be in a library loaded later
/// (glibc <= 2.33 keeps sem_open, shm_open and dlopen in libraries of their own).
#define NEXT(function) DEVSHM_NEXT(function, false)
#define NEXT_LATE(function) DEVSHM_NEXT(function, true)
