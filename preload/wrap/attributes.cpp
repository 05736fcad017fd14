// SPDX-License-Identifier: MIT
//
// Wraps functions on the attributes of a file: permissions, mode and owner, times, extended attributes; functions that
// make device nodes and fifos; and others that take the path of one file. Not here: chflags and revoke, which Linux has
// never had.
#include <sys/ipc.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include "wrapper.h"

extern "C" {
int __xmknod(int, const char*, mode_t, dev_t*);
int __xmknodat(int, int, const char*, mode_t, dev_t*);
}

namespace devshm {

FORWARD(access, path, 1);
// Two names of one function. Each calls its own, for libcs that have only one of them.
FORWARD(eaccess, path, 1);
FORWARD(euidaccess, path, 1);
FORWARD(faccessat, path_at, 2);

FORWARD(chmod, changed, 1);
FORWARD(lchmod, changed, 1);
FORWARD(fchmodat, changed_at, 2);

FORWARD(chown, changed, 1);
FORWARD(lchown, changed, 1);
FORWARD(fchownat, changed_at, 2);

// A null path, where one is allowed, means the descriptor itself.
FORWARD(utime, changed, 1);
FORWARD(utimes, changed, 1);
FORWARD(lutimes, changed, 1);
FORWARD(futimesat, changed_at, 2);
FORWARD(utimensat, changed_at, 2);

FORWARD(setxattr, changed, 1);
FORWARD(lsetxattr, changed, 1);
FORWARD(getxattr, path, 1);
FORWARD(lgetxattr, path, 1);
FORWARD(listxattr, path, 1);
FORWARD(llistxattr, path, 1);
FORWARD(removexattr, changed, 1);
FORWARD(lremovexattr, changed, 1);

// Both generations: programs linked against glibc <= 2.32 call __xmknod, later ones mknod.
FORWARD(mknod, path, 1);
FORWARD(mknodat, path_at, 2);
FORWARD(__xmknod, path, 2);
FORWARD(__xmknodat, path_at, 3);
FORWARD(mkfifo, path, 1);
FORWARD(mkfifoat, path_at, 2);

FORWARD(pathconf, path, 1);
FORWARD(acct, path, 1);
// The key depends on the file's identity, so every process has to use the same file.
FORWARD(ftok, path, 1);

// For DEVSHM_STORE=memory alone (showing_files.h): the store has to know the mask when it creates an object.
EXPORT mode_t umask(mode_t mask) { return NEXT(umask)(mask); }

}  // namespace devshm
