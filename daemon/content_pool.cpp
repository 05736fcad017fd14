// SPDX-License-Identifier: MIT
#include "content_pool.h"

#include <fmt/format.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "memory_file.h"

namespace devshmd {
namespace {

// glibc has these functions since 2.36 only.
int fsopen(const char* type) { return static_cast<int>(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC)); }
int fsconfig(int fs, unsigned command, const char* key, const char* value) {
  return static_cast<int>(syscall(SYS_fsconfig, fs, command, key, value, 0));
}
int fsmount(int fs) {
  return static_cast<int>(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
}

}  // namespace

int make_content_pool(std::uint64_t pages) {
  const int fs = fsopen("tmpfs");
  if (fs < 0) return -errno;
  const std::string size = fmt::format("{}", pages * page_size);
  int pool = -1;
  if (fsconfig(fs, FSCONFIG_SET_STRING, "size", size.c_str()) == 0 &&
      fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", "0") == 0 &&  // NodeTable counts those
      fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0700") == 0 &&
      fsconfig(fs, FSCONFIG_CMD_CREATE, nullptr, nullptr) == 0)
    pool = fsmount(fs);
  const int error = errno;
  close(fs);
  return pool < 0 ? -error : pool;
}

std::uint64_t pages_in_pool(int pool) {
  struct statfs found;
  return fstatfs(pool, &found) == 0 ? found.f_blocks - found.f_bfree : 0;
}

}  // namespace devshmd
