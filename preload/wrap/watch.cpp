// SPDX-License-Identifier: MIT
//
// Watches. What is told of a watched directory names its entries alone, so nothing comes back to be mapped.
// A mark on a mount or a whole file system (FAN_MARK_MOUNT, FAN_MARK_FILESYSTEM) is one on that of the backing
// directory.
#include <sys/fanotify.h>
#include <sys/inotify.h>

#include "forward.h"

EXPORT int inotify_add_watch(int fd, const char* path, uint32_t mask) NOTHROW {
  return forward(NEXT(inotify_add_watch), fd, Path(path), mask);
}

// Without a path the mark is on the descriptor itself.
EXPORT int fanotify_mark(int fd, unsigned flags, uint64_t mask, int dir, const char* path) NOTHROW {
  return forward(NEXT(fanotify_mark), fd, flags, mask, dir, PathAt(path));
}
