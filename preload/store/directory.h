// SPDX-License-Identifier: MIT
//
// Reads the entries of a directory, without libc.
#pragma once

#include <errno.h>

#include "../function_ref.h"
#include "kernel.h"

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
  void for_each(FunctionRef<void(const char* name, unsigned char type)> function) const;
  /// The same until one of the calls returns true, and so whether one did.
  bool find(FunctionRef<bool(const char* name, unsigned char type)> function) const;

 private:
  sys::Descriptor fd_;
};

}  // namespace devshm::store
