// SPDX-License-Identifier: MIT
//
// Wraps functions on directories. A listing of /dev does not show "shm".
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper.h"

namespace devshm {

FORWARD(mkdir, path, 1);
FORWARD(mkdirat, path_at, 2);
FORWARD(rmdir, removed, 1);
FORWARD(chdir, path, 1);
// Afterwards /dev/shm is the backing directory of the new root, as without devshm it is the new root's own /dev/shm.
FORWARD(chroot, path, 1);

FORWARD(opendir, path, 1);

// For DEVSHM_STORE=memory alone (showing_files.h): with disk it goes straight on to libc's function.
EXPORT struct dirent* readdir(DIR* directory) { return NEXT(readdir)(directory); }
ALIAS(readdir64, readdir);

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
EXPORT int readdir_r(DIR* directory, struct dirent* entry, struct dirent** result) {
  return NEXT(readdir_r)(directory, entry, result);
}
ALIAS(readdir64_r, readdir_r);

EXPORT ssize_t getdents64(int fd, void* entries, size_t size) NOTHROW { return NEXT(getdents64)(fd, entries, size); }

EXPORT ssize_t getdirentries(int fd, char* entries, size_t size, off_t* begin) NOTHROW {
  return NEXT(getdirentries)(fd, entries, size, begin);
}
ALIAS(getdirentries64, getdirentries);

FORWARD(scandir, path, 1);
ALIAS(scandir64, scandir);

FORWARD(scandirat, path_at, 2);
ALIAS(scandirat64, scandirat);

}  // namespace devshm
