// SPDX-License-Identifier: MIT
//
// Names: link, symlink, unlink, rename. The text of a symbolic link is data and is not rewritten.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "boundary.h"
#include "forward.h"

using devshm::fail_with;
using devshm::links_across;
using devshm::may_cross;
using devshm::renames_across;

EXPORT int link(const char* from, const char* to) NOTHROW {
  if (may_cross(from, to) && links_across(AT_FDCWD, from, AT_FDCWD, to, 0)) return fail_with<int>(EXDEV);
  return forward(NEXT(link), Path(from), Path(to));
}
EXPORT int linkat(int from_dir, const char* from, int to_dir, const char* to, int flags) NOTHROW {
  if (may_cross(from, to) && links_across(from_dir, from, to_dir, to, flags)) return fail_with<int>(EXDEV);
  return forward(NEXT(linkat), from_dir, PathAt(from), to_dir, PathAt(to), flags);
}

EXPORT int symlink(const char* text, const char* path) NOTHROW { return forward(NEXT(symlink), text, Path(path)); }
EXPORT int symlinkat(const char* text, int dir, const char* path) NOTHROW {
  return forward(NEXT(symlinkat), text, dir, PathAt(path));
}

EXPORT int unlink(const char* path) NOTHROW { return forward(NEXT(unlink), Path(path)); }
EXPORT int unlinkat(int dir, const char* path, int flags) NOTHROW {
  // With a flag that the kernel does not know it has an answer of its own.
  if (flags == AT_REMOVEDIR) return forward(NEXT(unlinkat), dir, RemovedPathAt(path), flags);
  return forward(NEXT(unlinkat), dir, PathAt(path), flags);
}
EXPORT int remove(const char* path) NOTHROW { return forward(NEXT(remove), RemovedPath(path)); }

EXPORT int rename(const char* from, const char* to) NOTHROW {
  if (may_cross(from, to) && renames_across(AT_FDCWD, from, AT_FDCWD, to)) return fail_with<int>(EXDEV);
  return forward(NEXT(rename), RemovedPath(from), RemovedPath(to));
}
EXPORT int renameat(int from_dir, const char* from, int to_dir, const char* to) NOTHROW {
  if (may_cross(from, to) && renames_across(from_dir, from, to_dir, to)) return fail_with<int>(EXDEV);
  return forward(NEXT(renameat), from_dir, RemovedPathAt(from), to_dir, RemovedPathAt(to));
}
EXPORT int renameat2(int from_dir, const char* from, int to_dir, const char* to, unsigned flags) NOTHROW {
  if (may_cross(from, to) && renames_across(from_dir, from, to_dir, to)) return fail_with<int>(EXDEV);
  return forward(NEXT(renameat2), from_dir, RemovedPathAt(from), to_dir, RemovedPathAt(to), flags);
}
