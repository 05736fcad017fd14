// SPDX-License-Identifier: MIT
//
// Device nodes and fifos, both generations: programs linked against glibc <= 2.32 call __xmknod, later ones mknod.
#include <sys/stat.h>

#include "forward.h"

extern "C" {
int __xmknod(int, const char*, mode_t, dev_t*);
int __xmknodat(int, int, const char*, mode_t, dev_t*);
}

EXPORT int mknod(const char* path, mode_t mode, dev_t device) NOTHROW {
  return forward(NEXT(mknod), Path(path), mode, device);
}
EXPORT int mknodat(int dir, const char* path, mode_t mode, dev_t device) NOTHROW {
  return forward(NEXT(mknodat), dir, PathAt(path), mode, device);
}
EXPORT int __xmknod(int version, const char* path, mode_t mode, dev_t* device) {
  return forward(NEXT(__xmknod), version, Path(path), mode, device);
}
EXPORT int __xmknodat(int version, int dir, const char* path, mode_t mode, dev_t* device) {
  return forward(NEXT(__xmknodat), version, dir, PathAt(path), mode, device);
}

EXPORT int mkfifo(const char* path, mode_t mode) NOTHROW { return forward(NEXT(mkfifo), Path(path), mode); }
EXPORT int mkfifoat(int dir, const char* path, mode_t mode) NOTHROW {
  return forward(NEXT(mkfifoat), dir, PathAt(path), mode);
}
