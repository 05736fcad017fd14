// SPDX-License-Identifier: MIT
#include "keyed_pointers.h"

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
  const std::size_t end = used_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < end; ++i)
    if (entries_[i].key.load(std::memory_order_relaxed) == key) return &entries_[i];
  return nullptr;
}

KeyedAddresses::Entry* KeyedAddresses::claim(const void* key) {
  for (Entry& entry : entries_) {
    const void* none = nullptr;
    if (!entry.key.compare_exchange_strong(none, key, std::memory_order_acquire)) continue;
    const std::size_t end = static_cast<std::size_t>(&entry - entries_) + 1;
    std::size_t used = used_.load(std::memory_order_relaxed);
    while (used < end && !used_.compare_exchange_weak(used, end, std::memory_order_relaxed)) continue;
    return &entry;
  }
  return nullptr;
}

}  // namespace devshm
