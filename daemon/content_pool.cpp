// SPDX-License-Identifier: MIT
#include "content_pool.h"

#include <fmt/format.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
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

std::string size_of(std::uint64_t pages) { return fmt::format("{}", pages * page_size); }

}  // namespace

int ContentPool::make(std::uint64_t pages) {
  const int fs = fsopen("tmpfs");
  if (fs < 0) return errno;
  if (fsconfig(fs, FSCONFIG_SET_STRING, "size", size_of(pages).c_str()) == 0 &&
      fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", "0") == 0 &&  // NodeTable counts them
      fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0700") == 0 &&
      fsconfig(fs, FSCONFIG_CMD_CREATE, nullptr, nullptr) == 0)
    directory_ = fsmount(fs);
  const int error = errno;
  if (directory_ < 0) {
    close(fs);
    return error;
  }
  context_ = fs;
  pages_ = pages;
  return 0;
}

ContentPool::~ContentPool() {
  for (const int fd : {directory_, context_})
    if (fd >= 0) close(fd);
}

std::uint64_t ContentPool::pages_used() const {
  struct statfs found;
  return fstatfs(directory_, &found) == 0 ? found.f_blocks - found.f_bfree : 0;
}

bool ContentPool::resize(std::uint64_t reserved) {
  // A tmpfs of size 0 would have no limit.
  if (reserved >= pages_) return reserved == pages_ && pages_used() == 0 && resize(pages_ - 1);
  if (fsconfig(context_, FSCONFIG_SET_STRING, "size", size_of(pages_ - reserved).c_str()) != 0 ||
      fsconfig(context_, FSCONFIG_CMD_RECONFIGURE, nullptr, nullptr) != 0)
    return false;
  reserved_ = reserved;
  return true;
}

bool ContentPool::reserve(std::uint64_t pages) {
  if (directory_ < 0) return true;
  // A resize takes some system calls. A thousandth of the limit, reserved in advance, saves most of them.
  const std::uint64_t more = std::min<std::uint64_t>(64, pages_ / 1024);
  if (pages <= reserved_) {
    if (reserved_ - pages > 4 * more + 1) resize(pages + more);
    return true;
  }
  return resize(std::min(pages + more, pages_ - 1)) || resize(pages);
}

}  // namespace devshmd
