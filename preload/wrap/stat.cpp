// SPDX-License-Identifier: MIT
//
// The stat family, both generations: programs linked against glibc <= 2.32 call __xstat and its kin, later ones stat.
// Not here: the fstat forms, which take a descriptor.
#include <sys/stat.h>

#include "forward.h"

extern "C" {
int __xstat(int, const char*, struct stat*);
int __lxstat(int, const char*, struct stat*);
int __fxstatat(int, int, const char*, struct stat*, int);
}

EXPORT int stat(const char* path, struct stat* out) NOTHROW { return forward(NEXT(stat), Path(path), out); }
ALIAS(stat64, stat);

EXPORT int lstat(const char* path, struct stat* out) NOTHROW { return forward(NEXT(lstat), Path(path), out); }
ALIAS(lstat64, lstat);

EXPORT int fstatat(int dir, const char* path, struct stat* out, int flags) NOTHROW {
  return forward(NEXT(fstatat), dir, PathAt(path), out, flags);
}
ALIAS(fstatat64, fstatat);

EXPORT int statx(int dir, const char* path, int flags, unsigned mask, struct statx* out) NOTHROW {
  return forward(NEXT(statx), dir, PathAt(path), flags, mask, out);
}

EXPORT int __xstat(int version, const char* path, struct stat* out) {
  return forward(NEXT(__xstat), version, Path(path), out);
}
ALIAS(__xstat64, __xstat);

EXPORT int __lxstat(int version, const char* path, struct stat* out) {
  return forward(NEXT(__lxstat), version, Path(path), out);
}
ALIAS(__lxstat64, __lxstat);

EXPORT int __fxstatat(int version, int dir, const char* path, struct stat* out, int flags) {
  return forward(NEXT(__fxstatat), version, dir, PathAt(path), out, flags);
}
ALIAS(__fxstatat64, __fxstatat);
