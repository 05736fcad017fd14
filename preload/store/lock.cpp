// SPDX-License-Identifier: MIT
#include "lock.h"

#include <errno.h>

#include "ask.h"
#include "kernel.h"

namespace devshm::store {
namespace {

/// Whether the file has been removed: 0, -ESTALE, or another negative errno. (A lock file is never renamed, nor
/// replaced by another.)
int has_name(int fd) {
  struct stat opened;
  const int error = sys::fstat(fd, &opened);
  return error ? error : opened.st_nlink ? 0 : -ESTALE;
}

}  // namespace

int open_locked(const char* path, int open_flags, int operation, long milliseconds) {
  sys::Patience patience(milliseconds);
  for (;;) {
    const int fd = sys::openat(AT_FDCWD, path, open_flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0) return fd;
    int result = sys::flock(fd, operation | LOCK_NB);
    while ((result == -EAGAIN || result == -EINTR) && patience.wait()) result = sys::flock(fd, operation | LOCK_NB);
    if (result == 0) result = has_name(fd);
    if (result == 0) return fd;
    sys::close(fd);
    if (result != -ESTALE) return result;
  }
}

Lock::Lock(const Root& root, Kind kind, long milliseconds) {
  const int operation = kind == Kind::shared ? LOCK_SH : LOCK_EX;
  const PathText path = root.entry("lock");
  fd_ = open_locked(path.c_str(), O_RDONLY, operation, milliseconds);
  if (fd_ < 0) error_ = fd_;
}

Lock::~Lock() {
  if (fd_ < 0) return;
  sys::flock(fd_, LOCK_UN);
  sys::close(fd_);
}

bool has_keeper(const Root& root) {
  const PathText path = root.entry("keeper");
  const int fd = open_locked(path.c_str(), O_RDONLY, LOCK_SH, 0);
  if (fd == -EACCES) return answers(root);  // another user's: locking it is not for us
  if (fd < 0) return fd == -EAGAIN;
  sys::flock(fd, LOCK_UN);
  sys::close(fd);
  return false;
}

}  // namespace devshm::store
