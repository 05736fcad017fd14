// SPDX-License-Identifier: MIT
#include "tmpfs_fallocate.h"

#include <errno.h>

#include "file_space.h"
#include "sys.h"

namespace devshm {
namespace {

/// Whether the kernel knows the mode at all, for some file system.
bool is_valid(int mode) {
  switch (mode & ~FALLOC_FL_KEEP_SIZE) {
    case 0:
    case FALLOC_FL_ZERO_RANGE:
    case FALLOC_FL_UNSHARE_RANGE: return true;
    case FALLOC_FL_PUNCH_HOLE: return mode & FALLOC_FL_KEEP_SIZE;
    case FALLOC_FL_COLLAPSE_RANGE:
    case FALLOC_FL_INSERT_RANGE: return !(mode & FALLOC_FL_KEEP_SIZE);
    default: return false;
  }
}

/// The error that a tmpfs would return, checked in the kernel's order; 0 if there is none.
int objection_to(int fd, int mode, off_t offset, off_t length) {
  const long flags = sys::call(SYS_fcntl, fd, F_GETFL);
  if (sys::failed(flags) || flags & O_PATH) return EBADF;
  if (offset < 0 || length <= 0) return EINVAL;
  if (!is_valid(mode)) return EOPNOTSUPP;
  if ((flags & O_ACCMODE) == O_RDONLY) return EBADF;
  struct stat file {};
  if (const int result = sys::fstat(fd, &file)) return -result;
  if (S_ISFIFO(file.st_mode)) return ESPIPE;
  if (S_ISDIR(file.st_mode)) return EISDIR;
  if (!S_ISREG(file.st_mode)) return ENODEV;
  off_t end;
  if (__builtin_add_overflow(offset, length, &end)) return EFBIG;
  return mode & ~tmpfs_modes ? EOPNOTSUPP : 0;
}

}  // namespace

int fallocate_as_tmpfs(int fd, int mode, off_t offset, off_t length) {
  if (const int error = objection_to(fd, mode, offset, length)) return error;
  const Range range{offset, offset + length};
  if (mode & FALLOC_FL_PUNCH_HOLE) return punch_hole(fd, range);
  return mode & FALLOC_FL_KEEP_SIZE ? reserve_space(fd, range) : grow_and_reserve(fd, range);
}

}  // namespace devshm
