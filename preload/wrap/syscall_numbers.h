// SPDX-License-Identifier: MIT
//
// System calls that take a path and are newer than the oldest headers that we build with. From 424 on the numbers are
// the same on every architecture.
#pragma once

#include <sys/syscall.h>

#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_move_mount
#define SYS_move_mount 429
#endif
#ifndef SYS_fsconfig
#define SYS_fsconfig 431
#endif
#ifndef SYS_fspick
#define SYS_fspick 433
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452  // Linux 6.6
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463  // these four: Linux 6.13
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#define SYS_removexattrat 466
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467  // Linux 6.15
#endif
#ifndef SYS_file_getattr
#define SYS_file_getattr 468  // these two: Linux 6.17
#define SYS_file_setattr 469
#endif
