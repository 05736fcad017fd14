// SPDX-License-Identifier: MIT
//
// A few pointers, each kept under a key: for what belongs to a thread or to one of libc's objects, where neither has
// room for it. (The library has no thread-local storage: it would cost every thread of every program.)
//
// Lock-free and async-signal-safe. A key is used by one thread at a time; different keys by any number. There is room
// for 254 keys at once; more take a page for each further 254, which stays.
#pragma once

#include <atomic>
#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

class KeyedAddresses {
 public:
  /// What is kept under `key`, or null.
  void* find(const void* key) const;

  /// Keeps `pointer` under `key` in place of what was there; null gives the place free. False if a page was needed and
  /// could not be had.
  bool keep(const void* key, void* pointer);

 private:
  struct Entry {
    std::atomic<const void*> key;
    std::atomic<void*> pointer;
  };

  struct Block {
    Entry entries[254];
    std::atomic<std::size_t> used;  // no entry from here on has ever been used: an idle table costs nothing
    std::atomic<Block*> next;
  };

  const Entry* entry_of(const void* key) const;
  Entry* claim(const void* key);

  Block first_{};
};

/// The same for pointers of one type.
template <class T>
class KeyedPointers : private KeyedAddresses {
 public:
  T* find(const void* key) const { return static_cast<T*>(KeyedAddresses::find(key)); }
  bool keep(const void* key, T* pointer) { return KeyedAddresses::keep(key, pointer); }
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
