// SPDX-License-Identifier: MIT
//
// A few pointers, each kept under a key: for what belongs to a thread or to one of libc's objects, where neither has
// room for it. (The library has no thread-local storage: it would cost every thread of every program.)
//
// Lock-free and async-signal-safe, without memory of its own. A key is used by one thread at a time; different keys
// by any number.
#pragma once

#include <atomic>
#include <cstddef>

namespace devshm {

template <class T, std::size_t Size>
class KeyedPointers {
 public:
  /// The pointer kept under `key`, or null.
  T* find(const void* key) const {
    const Entry* entry = entry_of(key);
    return entry ? entry->pointer.load(std::memory_order_relaxed) : nullptr;
  }

  /// Keeps `pointer` under `key` in place of what was there; null gives the place free. False if there is no place.
  bool keep(const void* key, T* pointer) {
    Entry* entry = const_cast<Entry*>(entry_of(key));
    if (!entry && pointer) entry = claim(key);
    if (!entry) return !pointer;
    entry->pointer.store(pointer, std::memory_order_relaxed);
    if (!pointer) entry->key.store(nullptr, std::memory_order_release);
    return true;
  }

 private:
  struct Entry {
    std::atomic<const void*> key;
    std::atomic<T*> pointer;
  };

  const Entry* entry_of(const void* key) const {
    const std::size_t end = used_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < end; ++i)
      if (entries_[i].key.load(std::memory_order_relaxed) == key) return &entries_[i];
    return nullptr;
  }

  Entry* claim(const void* key) {
    for (std::size_t i = 0; i < Size; ++i) {
      const void* none = nullptr;
      if (!entries_[i].key.compare_exchange_strong(none, key, std::memory_order_acquire)) continue;
      std::size_t used = used_.load(std::memory_order_relaxed);
      while (used <= i && !used_.compare_exchange_weak(used, i + 1, std::memory_order_relaxed)) {
      }
      return &entries_[i];
    }
    return nullptr;
  }

  Entry entries_[Size] = {};
  std::atomic<std::size_t> used_{0};  // no entry from here on has ever been used: an idle table costs nothing
};

/// What tells one thread from another: the address of its control block, which every libc keeps in a register.
inline const void* this_thread() {
  const void* self;
#if defined(__x86_64__)
  __asm__("mov %%fs:0, %0" : "=r"(self));
#elif defined(__aarch64__)
  __asm__("mrs %0, tpidr_el0" : "=r"(self));
#endif
  return self;
}

}  // namespace devshm
