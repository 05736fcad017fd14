// SPDX-License-Identifier: MIT
#include "keyed_pointers.h"

#include "../sys.h"

namespace devshm {

void* KeyedAddresses::find(const void* key) const {
  const Entry* entry = entry_of(key);
  return entry ? entry->pointer.load(std::memory_order_relaxed) : nullptr;
}

bool KeyedAddresses::keep(const void* key, void* pointer) {
  Entry* entry = const_cast<Entry*>(entry_of(key));
  if (!entry && pointer) entry = claim(key);
  if (!entry) return !pointer;
  entry->pointer.store(pointer, std::memory_order_relaxed);
  if (!pointer) entry->key.store(nullptr, std::memory_order_release);
  return true;
}

const KeyedAddresses::Entry* KeyedAddresses::entry_of(const void* key) const {
  for (const Block* block = &first_; block; block = block->next.load(std::memory_order_acquire)) {
    const std::size_t end = block->used.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < end; ++i)
      if (block->entries[i].key.load(std::memory_order_relaxed) == key) return &block->entries[i];
  }
  return nullptr;
}

KeyedAddresses::Entry* KeyedAddresses::claim(const void* key) {
  for (Block* block = &first_;;) {
    for (Entry& entry : block->entries) {
      const void* none = nullptr;
      if (!entry.key.compare_exchange_strong(none, key, std::memory_order_acquire)) continue;
      const std::size_t end = static_cast<std::size_t>(&entry - block->entries) + 1;
      std::size_t used = block->used.load(std::memory_order_relaxed);
      while (used < end && !block->used.compare_exchange_weak(used, end, std::memory_order_relaxed)) continue;
      return &entry;
    }
    Block* next = block->next.load(std::memory_order_acquire);
    if (!next) {
      Block* const fresh = static_cast<Block*>(sys::allocate(sizeof(Block)));  // all zeros: an empty one
      if (!fresh) return nullptr;
      if (block->next.compare_exchange_strong(next, fresh, std::memory_order_acq_rel))
        next = fresh;
      else
        sys::munmap(fresh, sizeof(Block));
    }
    block = next;
  }
}

}  // namespace devshm
