// SPDX-License-Identifier: MIT
#include "make_root.h"

#include <errno.h>

#include "kernel.h"

namespace devshm::store {
namespace {

constexpr mode_t root_mode = 0711;  // other users reach the socket through it

int make_lock(const Root& root) {
  const int fd = sys::openat(AT_FDCWD, root.entry("lock").c_str(), O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fd;
  sys::close(fd);
  return 0;
}

}  // namespace

int look_at_root(const Root& root, uid_t user) {
  struct stat found;
  if (const int error = sys::fstatat(AT_FDCWD, root.c_str(), &found, AT_SYMLINK_NOFOLLOW)) return error;
  const bool is_closed = S_ISDIR(found.st_mode) && found.st_uid == user && !(found.st_mode & (S_IWGRP | S_IWOTH));
  return is_closed ? 0 : -EPERM;
}

bool reaches(const Root& root, int dir, const char* name) {
  const PathText here = root.entry(".");  // nothing is renamed: "." can't be
  return sys::call(SYS_renameat2, AT_FDCWD, sys::word(here.c_str()), dir, sys::word(name), 0) != -EXDEV;
}

Root own_root(const char* backing_dir, uid_t user) {
  return Root(backing_dir, user, static_cast<gid_t>(sys::call(SYS_getegid)));
}

void remove_root(const Root& root) {
  sys::unlink(root.entry("socket").c_str());
  sys::rmdir(root.entry("pool").c_str());
  // The last, which those wait for that want to start the next one.
  sys::unlink(root.entry("lock").c_str());
  sys::rmdir(root.c_str());
}

int make_root(const Root& root) {
  if (!root.fits()) return -ENAMETOOLONG;
  const int made = sys::mkdir(root.c_str(), root_mode);
  if (made == 0) sys::chmod(root.c_str(), root_mode);  // whatever the umask
  if (made != 0 && made != -EEXIST) return made;
  if (const int error = look_at_root(root, sys::geteuid())) return error;
  const int pool = sys::mkdir(root.entry("pool").c_str(), 0700);
  if (pool != 0 && pool != -EEXIST) return pool;
  return make_lock(root);
}

}  // namespace devshm::store
