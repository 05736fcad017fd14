// SPDX-License-Identifier: MIT
//
// Creates an object of the memory store under a name, or opens the one that exists, as open(2) with O_CREAT does. If no
// object can be created, it creates an ordinary file instead. Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include "names.h"

namespace devshm::store {

/// The places and the setting that the store is used with.
struct Place {
  const char* backing_dir;   ///< absolute, without slashes at the end
  const char* program;       ///< the keeper's program: this library's own file
  const char* idle_seconds;  ///< after this time without objects the keeper ends; a number
};

/// Why an ordinary file was created.
enum class Why : unsigned char {
  is_memory,         ///< no file was created
  path_too_long,     ///< the backing directory's path is too long
  root_unusable,     ///< ROOT can't be made, or belongs to another user
  no_keeper,         ///< no keeper can be started, or it does not answer
  keeper_full,       ///< the keeper can hold no more
  lock_busy,         ///< a process that holds the lock is stopped
  other_file_system  ///< the name is on another file system than ROOT
};

struct Created {
  int fd_or_error;  ///< a descriptor, a negative errno, or is_other_link
  Why file;         ///< why a file was created
};

/// The name is a symbolic link that a program made, and the kernel has to follow it.
inline constexpr int is_other_link = -4096;

/// Does what open(2) does with these flags, which include O_CREAT, and this mode, to which the umask is already
/// applied.
Created create_object(const Place& place, const char* path, int flags, mode_t mode);

}  // namespace devshm::store
