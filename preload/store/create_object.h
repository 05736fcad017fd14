// SPDX-License-Identifier: MIT
//
// Creates an object of the memory store under a name, or opens the one that is there, as open(2) with O_CREAT does.
// Where no object can be had, an ordinary file is created instead. Async-signal-safe and thread-safe; errno stays as
// it was.
#pragma once

#include "names.h"

namespace devshm::store {

/// What the store is to be used with.
struct Place {
  const char* backing_dir;   ///< absolute, without slashes at the end
  const char* program;       ///< the keeper's: this library's own file
  const char* idle_seconds;  ///< after how many the keeper ends; a number
};

/// Why an ordinary file was created.
enum class Why : unsigned char {
  is_memory,         ///< it was not
  path_too_long,     ///< of the backing directory
  root_unusable,     ///< ROOT can't be made, or is a stranger's
  no_keeper,         ///< none can be started, or it does not answer
  keeper_full,       ///< it can hold no more
  lock_busy,         ///< a holder of the lock is stopped
  other_file_system  ///< the name is on another file system than ROOT
};

struct Created {
  int fd_or_error;  ///< a descriptor, a negative errno, or is_other_link
  Why file;         ///< for a file that was created
};

/// The name is a symbolic link of the program's, which is for the kernel to follow.
inline constexpr int is_other_link = -4096;

/// As open(2) with these flags, O_CREAT among them, and the mode, of which the umask has been taken away already.
Created create_object(const Place& place, const char* path, int flags, mode_t mode);

}  // namespace devshm::store
