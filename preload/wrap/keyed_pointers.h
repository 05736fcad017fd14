// SPDX-License-Identifier: MIT
//
// Stores a few pointers, each under a key, for data that belongs to a thread or to one of libc's objects, which have no
// room for it. (The library has no thread-local storage: it would cost every thread of every program.)
//
// Lock-free and async-signal-safe. Only one thread uses a key at a time; any number use different keys. There is room
// for 254 keys at once; each further 254 take a page, which stays.
#pragma once

#include <atomic>
#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

class KeyedAddresses {
 public:
  /// The pointer stored under `key`, or null.
  void* find(const void* key) const;

  /// Stores `pointer` under `key` in place of the old one; null frees the entry. Returns false if a page was needed and
  /// there was no memory.
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

/// Identifies a thread: the address of its control block, which every libc keeps in a register.
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
