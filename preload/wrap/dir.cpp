// SPDX-License-Identifier: MIT
//
// Directories. Not here: readdir and its kin, which take what opendir gave. A listing of /dev does not show "shm".
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "forward.h"

EXPORT int mkdir(const char* path, mode_t mode) NOTHROW { return forward(NEXT(mkdir), Path(path), mode); }
EXPORT int mkdirat(int dir, const char* path, mode_t mode) NOTHROW {
  return forward(NEXT(mkdirat), dir, PathAt(path), mode);
}
EXPORT int rmdir(const char* path) NOTHROW { return forward(NEXT(rmdir), RemovedPath(path)); }
EXPORT int chdir(const char* path) NOTHROW { return forward(NEXT(chdir), Path(path)); }
// Afterwards /dev/shm is the backing directory of that root, as natively it is that root's own /dev/shm.
EXPORT int chroot(const char* path) NOTHROW { return forward(NEXT(chroot), Path(path)); }

EXPORT DIR* opendir(const char* path) { return forward(NEXT(opendir), Path(path)); }

using Filter = int (*)(const struct dirent*);
using Order = int (*)(const struct dirent**, const struct dirent**);

EXPORT int scandir(const char* path, struct dirent*** list, Filter filter, Order order) {
  return forward(NEXT(scandir), Path(path), list, filter, order);
}
ALIAS(scandir64, scandir);

EXPORT int scandirat(int dir, const char* path, struct dirent*** list, Filter filter, Order order) {
  return forward(NEXT(scandirat), dir, PathAt(path), list, filter, order);
}
ALIAS(scandirat64, scandirat);
