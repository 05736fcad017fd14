// SPDX-License-Identifier: MIT
//
// What is asked for its file system: paths and descriptors, by the statfs family and by syscall(SYS_statfs). In the
// overlay the answer is a tmpfs.
#pragma once

#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "../overlay_file.h"
#include "forward.h"

namespace [[gnu::visibility("hidden")]] devshm {

inline void say_tmpfs(struct statfs& out) { out.f_type = TMPFS_MAGIC; }

/// struct statvfs has a type since glibc 2.39 and musl 1.2.5, in what was the first spare word. A libc that fills it
/// in never leaves it 0.
inline void say_tmpfs(struct statvfs& out) {
  auto* type = reinterpret_cast<unsigned*>(reinterpret_cast<char*>(&out.f_namemax) + sizeof out.f_namemax);
  if (*type) *type = TMPFS_MAGIC;
}

/// Whether `path` leads into the overlay, or might: it is relative, or it may match.
inline bool may_be_inside(const char* path) { return *path != '/' || may_match(path); }

/// Whether such a path leads there. It is asked where it really leads: a relative one may start in the overlay, and a
/// symbolic link in the overlay may lead out of it.
[[gnu::cold]] bool is_inside(const char* path);

template <class Next, class Out>
int forward_path(Next next, const char* path, Out* out) {
  const int result = forward(next, Path(path), out);
  if (result == 0 && may_be_inside(path) && is_inside(path)) say_tmpfs(*out);
  return result;
}

template <class Next, class Out>
int forward_descriptor(Next next, int fd, Out* out) {
  const int result = next.get()(fd, out);
  if (result == 0 && is_in_overlay(fd)) say_tmpfs(*out);
  return result;
}

}  // namespace devshm
