// SPDX-License-Identifier: MIT
// The operations that a FUSE file system is asked for, as policies and recordings name them.
#pragma once

namespace devshmd {

enum class Operation {
  lookup,
  getattr,
  setattr,
  readlink,
  mknod,
  mkdir,
  unlink,
  rmdir,
  symlink,
  rename,
  link,
  open,
  create,
  tmpfile,
  read,
  write,
  release,
  opendir,
  readdir,
  releasedir,
  statfs,
  setxattr,
  getxattr,
  listxattr,
  removexattr,
  access,
  fallocate,
  lseek,
  count
};

const char* name_of(Operation operation);

}  // namespace devshmd
