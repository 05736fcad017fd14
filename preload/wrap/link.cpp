// SPDX-License-Identifier: MIT
//
// Wraps functions on names: link, symlink, unlink, rename. The text of a symbolic link is data and is not rewritten.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "wrapper.h"

namespace devshm {

FORWARD(link, linked, 1, 2);
FORWARD(linkat, linked_at, 2, 4);

FORWARD(symlink, path, 2);
FORWARD(symlinkat, path_at, 3);

FORWARD(unlink, dropped, 1);
FORWARD(unlinkat, unlinked_at, 2);
FORWARD(remove, removed, 1);

FORWARD(rename, moved, 1, 2);
FORWARD(renameat, moved_at, 2, 4);
FORWARD(renameat2, moved_at, 2, 4);

}  // namespace devshm
