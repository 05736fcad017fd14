// SPDX-License-Identifier: MIT
//
// Makes fallocate and posix_fallocate work on overlay files even if a filter forbids them: AWS Lambda's returns EPERM,
// others ENOSYS, and some file systems EOPNOTSUPP. PostgreSQL and NCCL treat that as fatal. Everywhere else libc's own
// result is returned, whatever it is.
//
// A tmpfs reserves space (with FALLOC_FL_KEEP_SIZE too) and punches holes, and nothing else: any other mode is
// EOPNOTSUPP in the overlay too, even if the file system behind it supports it.
#include <fcntl.h>

#include "../overlay_file.h"
#include "../tmpfs_fallocate.h"
#include "growth.h"
#include "wrapper.h"

namespace devshm {

namespace {

/// Whether a mode that no tmpfs supports is used on an overlay file.
bool is_refused(int fd, int mode) { return __builtin_expect(mode & ~tmpfs_modes, 0) && is_in_overlay(fd); }

/// Whether the error concerns the system call itself, not this use of it.
bool is_denied(int error) { return error == EPERM || error == ENOSYS || error == EOPNOTSUPP; }

}  // namespace

// posix_fallocate calls it by this name of our own, because the exported one may be another library's. It has a C name
// because ALIAS takes no other.
extern "C" int devshm_fallocate(int fd, int mode, off_t offset, off_t length) {
  const int before = errno;
  if (!(mode & ~FALLOC_FL_KEEP_SIZE)) {
    if (const int error = check_reservation(fd, offset, length)) return fail_with<int>(error);
  }
  if (!is_refused(fd, mode)) {
    const int result = NEXT(fallocate)(fd, mode, offset, length);
    if (result == 0 || !is_denied(errno) || !is_in_overlay(fd)) return result;
  }
  const int error = fallocate_as_tmpfs(fd, mode, offset, length);
  errno = error ? error : before;
  return error ? -1 : 0;
}
ALIAS(fallocate, devshm_fallocate);
ALIAS(fallocate64, devshm_fallocate);

// It makes the same system call. glibc's own function then writes to the file if the file system lacks the call, which
// loses what others write meanwhile: that is acceptable only for files outside the overlay. The error is returned, and
// errno stays.
EXPORT int posix_fallocate(int fd, off_t offset, off_t length) {
  const int before = errno;
  const int error = devshm_fallocate(fd, 0, offset, length) == 0 ? 0 : errno;
  errno = before;
  if (error != EOPNOTSUPP || is_in_overlay(fd)) return error;
  return NEXT(posix_fallocate)(fd, offset, length);
}
ALIAS(posix_fallocate64, posix_fallocate);

}  // namespace devshm
