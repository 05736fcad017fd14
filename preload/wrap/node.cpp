// SPDX-License-Identifier: MIT
//
// Device nodes and fifos, both generations: programs linked against glibc <= 2.32 call __xmknod, later ones mknod.
#include <sys/stat.h>

#include "wrapper.h"

extern "C" {
int __xmknod(int, const char*, mode_t, dev_t*);
int __xmknodat(int, int, const char*, mode_t, dev_t*);
}

FORWARD(mknod, path, 1);
FORWARD(mknodat, path_at, 2);
FORWARD(__xmknod, path, 2);
FORWARD(__xmknodat, path_at, 3);

FORWARD(mkfifo, path, 1);
FORWARD(mkfifoat, path_at, 2);
