// SPDX-License-Identifier: MIT
//
// Wraps the stat family, both generations: programs linked against glibc <= 2.32 call __xstat and the like, later ones
// stat. The fstat forms are here for DEVSHM_STORE=memory alone (showing_files.h): with disk they go straight on to
// libc's function.
#include <sys/stat.h>

#include "wrapper.h"

extern "C" {
int __xstat(int, const char*, struct stat*);
int __fxstat(int, int, struct stat*);
int __lxstat(int, const char*, struct stat*);
int __fxstatat(int, int, const char*, struct stat*, int);
}

namespace devshm {

FORWARD(stat, path, 1);
ALIAS(stat64, stat);

FORWARD(lstat, path, 1);
ALIAS(lstat64, lstat);

FORWARD(fstatat, path_at, 2);
ALIAS(fstatat64, fstatat);

FORWARD(statx, path_at, 2);

EXPORT int fstat(int fd, struct stat* out) { return NEXT(fstat)(fd, out); }
ALIAS(fstat64, fstat);

FORWARD(__xstat, path, 2);
ALIAS(__xstat64, __xstat);

EXPORT int __fxstat(int version, int fd, struct stat* out) { return NEXT(__fxstat)(version, fd, out); }
ALIAS(__fxstat64, __fxstat);

FORWARD(__lxstat, path, 2);
ALIAS(__lxstat64, __lxstat);

FORWARD(__fxstatat, path_at, 3);
ALIAS(__fxstatat64, __fxstatat);

}  // namespace devshm
