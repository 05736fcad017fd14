// SPDX-License-Identifier: MIT
//
// Reads the entries of a directory, without libc.
#pragma once

#include <errno.h>

#include "../kernel.h"

namespace devshm::store {

class Directory {
 public:
  explicit Directory(const char* path) : Directory(AT_FDCWD, path) {}
  enum Links : int { refuse = O_NOFOLLOW, follow = 0 };
  /// Opens a directory below one that is open.
  Directory(int above, const char* name, Links links = refuse)
      : fd_(sys::openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | links)) {}

  int fd() const { return fd_.get(); }

  /// Calls function(name, type) for each entry but "." and "..", with a DT_ value that may be DT_UNKNOWN. The entry
  /// may be removed meanwhile.
  template <class Function>
  void for_each(const Function& function) const {
    find<2048>([&](const char* name, unsigned char type) {
      function(name, type);
      return false;
    });
  }

  /// The same until one of the calls returns true, and so whether one did; with so much memory on the stack.
  template <std::size_t Memory, class Function>
  bool find(const Function& function) const {
    if (!fd_.is_open()) return false;
    alignas(8) char memory[Memory];
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

 private:
  sys::Descriptor fd_;
};

}  // namespace devshm::store
