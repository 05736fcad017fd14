// SPDX-License-Identifier: MIT
#include "make_root.h"

#include <errno.h>

#include "kernel.h"

namespace devshm::store {
namespace {

constexpr mode_t root_mode = 0711;  // others come through it to the socket

int make_file(const char* path) {
  const int fd = sys::openat(AT_FDCWD, path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fd;
  sys::close(fd);
  return 0;
}

}  // namespace

bool is_safe_root(const Root& root, uid_t user) {
  struct stat found;
  return sys::fstatat(AT_FDCWD, root.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(found.st_mode) &&
         found.st_uid == user && !(found.st_mode & (S_IWGRP | S_IWOTH));
}

Root own_root(const char* backing_dir) {
  return Root(backing_dir, sys::geteuid(), static_cast<gid_t>(sys::call(SYS_getegid)));
}

int make_root(const Root& root) {
  if (!root.fits()) return -ENAMETOOLONG;
  const int made = sys::mkdir(root.c_str(), root_mode);
  if (made == 0) sys::chmod(root.c_str(), root_mode);  // whatever the umask
  if (made != 0 && made != -EEXIST) return made;
  if (!is_safe_root(root, sys::geteuid())) return -EPERM;
  const int pool = sys::mkdir(root.entry("pool").c_str(), 0700);
  if (pool != 0 && pool != -EEXIST) return pool;
  if (const int error = make_file(root.entry("start").c_str())) return error;
  if (const int error = make_file(root.entry("keeper").c_str())) return error;
  return make_file(root.entry("lock").c_str());
}

}  // namespace devshm::store
