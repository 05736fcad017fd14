// SPDX-License-Identifier: MIT
//
// Gives each object's link a token that other users have to know to be served: a random number, which the keeper puts
// into the link's modification time. Only users that may search the link's directory can see it. So an object in a
// directory of mode 0700 is closed to others, as a file would be, although all objects are served at one socket.
#pragma once

#include <sys/stat.h>

#include "kernel.h"

namespace devshm::store {

/// 0: there is none.
using LinkToken = std::uint64_t;

inline LinkToken token_of(const struct stat& link) {
  return static_cast<LinkToken>(link.st_mtim.tv_sec) << 30 ^ static_cast<LinkToken>(link.st_mtim.tv_nsec);
}

/// Gives a token to a link. Returns the token as the file system has stored it, or 0 if that is impossible.
inline LinkToken give_token(const char* path) {
  constexpr std::uint64_t billion = 1000000000;
  constexpr long seconds = 0x70000000;  // 2029 and later, so that nothing takes it for an old file and removes it
  const std::uint64_t random = sys::random_word();
  struct timespec times[2];
  // A link that is followed after it has changed gets a new access time (mount(8), relatime), which the file system has
  // to write. An access time later than any other avoids that.
  times[0] = {0x7fffffff, billion - 1};
  times[1] = {seconds + static_cast<long>(random >> 36), static_cast<long>((random & 0xfffffffff) % billion)};
  struct stat link;
  if (sys::utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  return sys::fstatat(AT_FDCWD, path, &link, AT_SYMLINK_NOFOLLOW) == 0 ? token_of(link) : 0;
}

}  // namespace devshm::store
