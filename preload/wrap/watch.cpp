// SPDX-License-Identifier: MIT
//
// Wraps functions that watch files. Events of a watched directory name only its entries, so nothing has to be mapped
// back. A mark on a mount or a whole file system (FAN_MARK_MOUNT, FAN_MARK_FILESYSTEM) is one on that of the backing
// directory.
#include <sys/fanotify.h>
#include <sys/inotify.h>

#include "wrapper.h"

namespace devshm {

FORWARD(inotify_add_watch, path, 2);

// Without a path the mark is on the descriptor itself.
FORWARD(fanotify_mark, path_at, 5);

}  // namespace devshm
