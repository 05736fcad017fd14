// SPDX-License-Identifier: MIT
//
// What the two times of an object's link mean. The keeper sets both; neither is a time.
//
// The modification time is a random number, the token, which other users have to know to be served. Only users that may
// search the link's directory can see it. So an object in a directory of mode 0700 is closed to others, as a file would
// be, although all objects are served at one socket.
//
// The access time is the object's mark: it identifies the memory, as the kernel does. An object that has been opened is
// compared with it. The link's times have been read anyway.
#pragma once

#include <sys/stat.h>

#include "kernel.h"

namespace devshm::store {

/// 0: there is none.
using LinkToken = std::uint64_t;

inline LinkToken token_of(const struct stat& link) {
  return static_cast<LinkToken>(link.st_mtim.tv_sec) << 30 ^ static_cast<LinkToken>(link.st_mtim.tv_nsec);
}

/// Returns the mark of an object, by a descriptor of it: a hash of the kernel's handle for the file
/// (name_to_handle_at(2)). For a memfd that is its inode number and a random number of 32 bits. `tv_sec` is 0 if there
/// is none.
struct timespec mark_of(int fd);

/// Whether the descriptor is the object of a link with this access time. False also if that is unknown.
bool is_marked(int fd, const struct timespec& time);

/// Sets both times of a link to the object. Returns the token as the file system has stored it, or 0 if that is
/// impossible.
LinkToken set_times(const char* link, int object);

}  // namespace devshm::store
