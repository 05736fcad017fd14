// SPDX-License-Identifier: MIT
//
// The stat family, both generations: programs linked against glibc <= 2.32 call __xstat and the like, later ones stat.
// Not here: the fstat forms, which take a descriptor.
#include <sys/stat.h>

#include "wrapper.h"

extern "C" {
int __xstat(int, const char*, struct stat*);
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

FORWARD(__xstat, path, 2);
ALIAS(__xstat64, __xstat);

FORWARD(__lxstat, path, 2);
ALIAS(__lxstat64, __lxstat);

FORWARD(__fxstatat, path_at, 3);
ALIAS(__fxstatat64, __fxstatat);

}  // namespace devshm
