// SPDX-License-Identifier: MIT
//
// Mode and owner. Not here: chflags, which Linux has never had.
#include <sys/stat.h>
#include <unistd.h>

#include "forward.h"

EXPORT int chmod(const char* path, mode_t mode) NOTHROW { return forward(NEXT(chmod), Path(path), mode); }
EXPORT int lchmod(const char* path, mode_t mode) NOTHROW { return forward(NEXT(lchmod), Path(path), mode); }
EXPORT int fchmodat(int dir, const char* path, mode_t mode, int flags) NOTHROW {
  return forward(NEXT(fchmodat), dir, PathAt(path), mode, flags);
}

EXPORT int chown(const char* path, uid_t user, gid_t group) NOTHROW {
  return forward(NEXT(chown), Path(path), user, group);
}
EXPORT int lchown(const char* path, uid_t user, gid_t group) NOTHROW {
  return forward(NEXT(lchown), Path(path), user, group);
}
EXPORT int fchownat(int dir, const char* path, uid_t user, gid_t group, int flags) NOTHROW {
  return forward(NEXT(fchownat), dir, PathAt(path), user, group, flags);
}
