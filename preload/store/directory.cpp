// SPDX-License-Identifier: MIT
#include "directory.h"

namespace devshm::store {

bool Directory::find(FunctionRef<bool(const char*, unsigned char)> function) const {
  if (!fd_.is_open()) return false;
  alignas(8) char memory[1024];  // programs search on small stacks, too
  for (;;) {
    const long size = sys::getdents64(fd_.get(), memory, sizeof memory);
    if (size <= 0) return false;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const sys::DirectoryEntry*>(memory + at);
      at += entry->size;
      const char* const name = entry->name;
      if (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]))) continue;
      if (function(name, entry->type)) return true;
    }
  }
}

void Directory::for_each(FunctionRef<void(const char*, unsigned char)> function) const {
  find([&](const char* name, unsigned char type) {
    function(name, type);
    return false;
  });
}

}  // namespace devshm::store
