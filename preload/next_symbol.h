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

/// The next definition of `name`, or null. `late`: where it is not among the libraries that the program started
/// with, look at those loaded since (glibc <= 2.33 keeps sem_open, shm_open and dlopen in libraries of their own).
void* next_definition(const char* name, bool late);

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

template <class Function>
struct Signature;
template <class R, class... P, bool N>
struct Signature<R (*)(P...) noexcept(N)> {
  using Result = R;
  static R missing(P...) { return fail_with<R>(ENOSYS); }
};
template <class R, class... P, bool N>
struct Signature<R (*)(P..., ...) noexcept(N)> {
  using Result = R;
  static R missing(P..., ...) { return fail_with<R>(ENOSYS); }
};

/// What is known of one wrapped function: its real one, once it has been looked up, and its name behind that. The name
/// lies in the object and is not pointed to: a pointer would be one more relocation at the start of every program.
struct Slot {
  std::atomic<void*> real;
  bool late;
  const char* name() const { return reinterpret_cast<const char*>(this + 1); }
};

template <std::size_t Size>
struct NamedSlot {
  Slot slot;
  char name[Size];
};

/// The way out of one wrapper. Made by NEXT and NEXT_LATE.
template <class Function>
struct Next {
  using Result = typename Signature<Function>::Result;

  /// The real function; where this libc has none, one that fails with ENOSYS.
  Function get() const {
    void* known = slot.real.load(std::memory_order_relaxed);
    if (__builtin_expect(!known, 0)) return look_up();
    return reinterpret_cast<Function>(known);
  }

  [[gnu::cold, gnu::noinline]] Function look_up() const {
    void* found = next_definition(slot.name(), slot.late);
    if (!found) return reinterpret_cast<Function>(&Signature<Function>::missing);
    slot.real.store(found, std::memory_order_relaxed);
    return reinterpret_cast<Function>(found);
  }

  const char* name() const { return slot.name(); }

  Slot& slot;
};

}  // namespace devshm

#define DEVSHM_NEXT(function, is_late)                                                           \
  (::devshm::Next<decltype(&::function)>{[]() -> ::devshm::Slot& {                               \
    static constinit ::devshm::NamedSlot<sizeof #function> named{{nullptr, is_late}, #function}; \
    return named.slot;                                                                           \
  }()})

/// The next definition of a function that lives in libc itself, and of one that may be in a library loaded later.
#define NEXT(function) DEVSHM_NEXT(function, false)
#define NEXT_LATE(function) DEVSHM_NEXT(function, true)
