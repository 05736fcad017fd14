// SPDX-License-Identifier: MIT
//
// fallocate and posix_fallocate, on overlay files also where a filter forbids them: AWS Lambda's answers EPERM, others
// ENOSYS, and some file systems EOPNOTSUPP. PostgreSQL and NCCL take that for fatal. Everywhere else libc's own answer
// stands, whatever it is.
//
// A tmpfs reserves space (with FALLOC_FL_KEEP_SIZE too) and punches holes, and that is all it does: any other mode is
// EOPNOTSUPP in the overlay too, even if the file system behind it could.
#include <fcntl.h>
#include <linux/falloc.h>

#include "../file_space.h"
#include "../overlay_file.h"
#include "../sys.h"
#include "wrapper.h"

namespace {

constexpr int tmpfs_modes = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;

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

/// What a tmpfs has to object to, in the kernel's order; 0: nothing.
int objection_to(int fd, int mode, off_t offset, off_t length) {
  const long flags = devshm::sys::call(SYS_fcntl, fd, F_GETFL);
  if (devshm::sys::failed(flags) || flags & O_PATH) return EBADF;
  if (offset < 0 || length <= 0) return EINVAL;
  if (!is_valid(mode)) return EOPNOTSUPP;
  if ((flags & O_ACCMODE) == O_RDONLY) return EBADF;
  struct stat file {};
  if (const int result = devshm::sys::fstat(fd, &file)) return -result;
  if (S_ISFIFO(file.st_mode)) return ESPIPE;
  if (S_ISDIR(file.st_mode)) return EISDIR;
  if (!S_ISREG(file.st_mode)) return ENODEV;
  off_t end;
  if (__builtin_add_overflow(offset, length, &end)) return EFBIG;
  return mode & ~tmpfs_modes ? EOPNOTSUPP : 0;
}

/// fallocate as a tmpfs does it, without the system call of that name. Returns 0 or an errno value.
[[gnu::cold, gnu::noinline]] int do_as_tmpfs(int fd, int mode, off_t offset, off_t length) {
  if (const int error = objection_to(fd, mode, offset, length)) return error;
  const devshm::Range range{offset, offset + length};
  if (mode & FALLOC_FL_PUNCH_HOLE) return devshm::punch_hole(fd, range);
  return mode & FALLOC_FL_KEEP_SIZE ? devshm::reserve_space(fd, range) : devshm::grow_and_reserve(fd, range);
}

/// A mode that no tmpfs has, on an overlay file.
bool is_refused(int fd, int mode) { return __builtin_expect(mode & ~tmpfs_modes, 0) && devshm::is_in_overlay(fd); }

/// Whether the answer is about the system call, and not about this use of it.
bool is_denied(int error) { return error == EPERM || error == ENOSYS || error == EOPNOTSUPP; }

int fallocate_overlay(int fd, int mode, off_t offset, off_t length) {
  const int before = errno;
  if (!is_refused(fd, mode)) {
    const int result = NEXT(fallocate).get()(fd, mode, offset, length);
    if (result == 0 || !is_denied(errno) || !devshm::is_in_overlay(fd)) return result;
  }
  const int error = do_as_tmpfs(fd, mode, offset, length);
  errno = error ? error : before;
  return error ? -1 : 0;
}

}  // namespace

EXPORT int fallocate(int fd, int mode, off_t offset, off_t length) {
  return fallocate_overlay(fd, mode, offset, length);
}
ALIAS(fallocate64, fallocate);

// glibc's own writes to the file where the system call is not there, and loses what others write meanwhile. So here it
// is asked only for files that are none of ours. It returns the error, and errno stays.
EXPORT int posix_fallocate(int fd, off_t offset, off_t length) {
  if (!devshm::is_in_overlay(fd)) return NEXT(posix_fallocate).get()(fd, offset, length);
  const int before = errno;
  const int error = fallocate_overlay(fd, 0, offset, length) == 0 ? 0 : errno;
  errno = before;
  return error;
}
ALIAS(posix_fallocate64, posix_fallocate);
