// SPDX-License-Identifier: MIT
#include "lock.h"

#include <errno.h>

#include "ask.h"
#include "kernel.h"

namespace devshm::store {
namespace {

// Linux 3.15; the oldest headers that we build with lack them.
constexpr int get_lock = 36;  // F_OFD_GETLK
constexpr int set_lock = 37;  // F_OFD_SETLK

/// Describes one byte, or everything from there on if `length` is 0.
struct flock region(short type, Locked what, off_t length = 1) {
  struct flock out = {};
  out.l_type = type;
  out.l_whence = SEEK_SET;
  out.l_start = static_cast<off_t>(what);
  out.l_len = length;
  return out;
}

int set(int fd, const struct flock& what) {
  const int result = sys::fcntl(fd, set_lock, sys::word(&what));
  return result == -EACCES ? -EAGAIN : result;  // fcntl(2): both mean that it is locked
}

/// Whether the file is our store's: 0, or a negative errno, as -EPERM for a stranger's, and -ESTALE if it has been
/// removed. (A lock file is never renamed, nor replaced by another.) Those who are to use a store have looked at ROOT,
/// but if that was not there, or has gone since, a stranger may have made one.
int is_in_use(int fd) {
  struct stat opened;
  const int error = sys::fstat(fd, &opened);
  if (error) return error;
  return opened.st_uid != sys::geteuid() ? -EPERM : opened.st_nlink ? 0 : -ESTALE;
}

int open_file(const Root& root, int flags) {
  return sys::openat(AT_FDCWD, root.entry("lock").c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

}  // namespace

int open_locked(const Root& root, Locked what, Lock::Kind kind, long milliseconds) {
  sys::Patience patience(milliseconds);
  const struct flock wanted = region(kind == Lock::Kind::shared ? F_RDLCK : F_WRLCK, what);
  for (;;) {
    const int fd = open_file(root, O_RDWR);
    if (fd < 0) return fd;
    int result = set(fd, wanted);
    while ((result == -EAGAIN || result == -EINTR) && patience.wait()) result = set(fd, wanted);
    if (result == 0) result = is_in_use(fd);
    if (result == 0) return fd;
    sys::close(fd);
    if (result != -ESTALE) return result;
  }
}

void unlock_and_close(int fd) {
  set(fd, region(F_UNLCK, Locked::names, 0));
  sys::close(fd);
}

Lock::Lock(const Root& root, Kind kind, long milliseconds)
    : fd_(open_locked(root, Locked::names, kind, milliseconds)) {}

Lock::~Lock() {
  if (fd_ >= 0) unlock_and_close(fd_);
}

int Lock::add(Locked what) const { return set(fd_, region(F_WRLCK, what)); }

bool has_keeper(const Root& root) {
  const sys::Descriptor file(open_file(root, O_RDONLY));
  if (file.get() == -EACCES) return answers(root);  // it belongs to another user
  if (!file.is_open()) return false;
  struct flock found = region(F_RDLCK, Locked::keeper);
  return sys::fcntl(file.get(), get_lock, sys::word(&found)) == 0 && found.l_type != F_UNLCK;
}

}  // namespace devshm::store
