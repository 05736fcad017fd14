// SPDX-License-Identifier: MIT
//
// Functions about what a descriptor is open on, and paths that begin at one.
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "calls.h"

namespace ordinary {

void descriptors(const Way& way) {
  const int fd = open(way.file().c_str(), O_RDWR | O_CREAT, 0600);
  const int dir = open(way.dir.empty() ? "." : way.dir.c_str(), O_RDONLY | O_DIRECTORY);
  struct statfs system_found;
  struct statfs64 system_found64;
  struct statvfs vfs;
  struct statvfs64 vfs64;
  struct stat found;
  CALL(fstatfs, fd, &system_found);
  CALL(fstatfs64, fd, &system_found64);
  CALL(fstatvfs, fd, &vfs);
  CALL(fstatvfs64, fd, &vfs64);
  CALL(statfs, ".", &system_found);
  CALL(statvfs, ".", &vfs);
  CALL(ftruncate, fd, 8192);
  CALL(ftruncate64, fd, 4096);
  CALL(ftruncate, -1, 4096);
  CALL(fallocate, fd, 0, 0, 4096);
  CALL(fallocate64, fd, FALLOC_FL_KEEP_SIZE, 0, 8192);
  CALL(fallocate, fd, FALLOC_FL_ZERO_RANGE, 0, 4096);
  CALL(fallocate, -1, 0, 0, 4096);
  CALL(posix_fallocate, fd, 0, 4096);
  CALL(posix_fallocate64, fd, 0, 4096);
  CALL(posix_fallocate, fd, 0, -1);
  CALL(fstatat, dir, "file", &found, 0);
  CALL(fstatat, dir, "", &found, AT_EMPTY_PATH);
  CALL(linkat, dir, "file", dir, "file2", 0);
  CALL(renameat, dir, "file2", dir, "file3");
  const int other_dir = open("../plain", O_RDONLY | O_DIRECTORY);
  CALL(renameat, dir, "file3", other_dir, "file4");
  CALL(linkat, other_dir, "file4", dir, "file3", 0);
  CALL(unlinkat, other_dir, "file4", 0);
  close(other_dir);
  CALL(unlinkat, dir, "file3", 0);
  CALLS(openat, close(openat(dir, "file", O_RDONLY)));
  CALL(faccessat, dir, "file", R_OK, 0);
  close(fd);
  close(dir);
}

}  // namespace ordinary
