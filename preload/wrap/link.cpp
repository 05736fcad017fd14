// SPDX-License-Identifier: MIT
//
// Names: link, symlink, unlink, rename. The text of a symbolic link is data and is not rewritten.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "boundary.h"
#include "wrapper.h"

using devshm::fail_with;
using devshm::links_across;
using devshm::renames_across;

IF_MATCHING(1_2, int, link, const char* from, const char* to) {
  if (links_across(AT_FDCWD, from, AT_FDCWD, to, 0)) return fail_with<int>(EXDEV);
  return rewrite(REAL(link), Path(from), Path(to));
}
IF_MATCHING(2_4, int, linkat, int from_dir, const char* from, int to_dir, const char* to, int flags) {
  if (links_across(from_dir, from, to_dir, to, flags)) return fail_with<int>(EXDEV);
  return rewrite(REAL(linkat), from_dir, PathAt(from), to_dir, PathAt(to), flags);
}

FORWARD(symlink, path, 2);
FORWARD(symlinkat, path_at, 3);

FORWARD(unlink, path, 1);
IF_MATCHING(2, int, unlinkat, int dir, const char* path, int flags) {
  // With a flag that the kernel does not know it has an answer of its own.
  if (flags == AT_REMOVEDIR) return rewrite(REAL(unlinkat), dir, RemovedPathAt(path), flags);
  return rewrite(REAL(unlinkat), dir, PathAt(path), flags);
}
FORWARD(remove, removed, 1);

IF_MATCHING(1_2, int, rename, const char* from, const char* to) {
  if (renames_across(AT_FDCWD, from, AT_FDCWD, to)) return fail_with<int>(EXDEV);
  return rewrite(REAL(rename), RemovedPath(from), RemovedPath(to));
}
IF_MATCHING(2_4, int, renameat, int from_dir, const char* from, int to_dir, const char* to) {
  if (renames_across(from_dir, from, to_dir, to)) return fail_with<int>(EXDEV);
  return rewrite(REAL(renameat), from_dir, RemovedPathAt(from), to_dir, RemovedPathAt(to));
}
IF_MATCHING(2_4, int, renameat2, int from_dir, const char* from, int to_dir, const char* to, unsigned flags) {
  if (renames_across(from_dir, from, to_dir, to)) return fail_with<int>(EXDEV);
  return rewrite(REAL(renameat2), from_dir, RemovedPathAt(from), to_dir, RemovedPathAt(to), flags);
}
