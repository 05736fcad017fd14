// SPDX-License-Identifier: MIT
//
// Names: link, symlink, unlink, rename. The text of a symbolic link is data and is not rewritten.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "wrapper.h"

FORWARD_TWO(link, linked, 1, 2);
FORWARD_TWO(linkat, linked_at, 2, 4);

FORWARD(symlink, path, 2);
FORWARD(symlinkat, path_at, 3);

FORWARD(unlink, path, 1);
IF_MATCHING(2, int, unlinkat, int dir, const char* path, int flags) {
  // With a flag that the kernel does not know it has an answer of its own.
  if (flags == AT_REMOVEDIR) return rewrite(REAL(unlinkat), dir, RemovedPathAt(path), flags);
  return rewrite(REAL(unlinkat), dir, PathAt(path), flags);
}
FORWARD(remove, removed, 1);

FORWARD_TWO(rename, moved, 1, 2);
FORWARD_TWO(renameat, moved_at, 2, 4);
FORWARD_TWO(renameat2, moved_at, 2, 4);
