// SPDX-License-Identifier: MIT
//
// A tree that the kernel takes for the root: where does it land with a path? Of the tests of the path rule, and of its
// fuzzer. Needs openat2 (Linux 5.6).
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <optional>
#include <string>

namespace ground {

class KernelRoot {
 public:
  /// `directory` is the root from now on. Check ok().
  explicit KernelRoot(const std::string& directory) : fd_(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    name_ = location(fd_);
  }
  ~KernelRoot() { close(fd_); }
  KernelRoot(const KernelRoot&) = delete;
  KernelRoot& operator=(const KernelRoot&) = delete;

  bool ok() const { return land("/").has_value(); }

  /// Directories of every name in each other below `at`, `levels` deep, and a file in each. False with errno.
  bool plant(int levels, const std::string& at = "") const {
    const int file = ::open((name_ + at + "/f").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) return false;
    close(file);
    for (const char* name : {"dev", "shm", "shmx", "x", "dir"}) {
      if (!levels) break;
      const std::string dir = at + "/" + name;
      if (mkdir((name_ + dir).c_str(), 0700) != 0 || !plant(levels - 1, dir)) return false;
    }
    return true;
  }

  /// A symbolic link at `at`. False with errno.
  bool link(const char* target, const std::string& at) const { return symlink(target, (name_ + at).c_str()) == 0; }

  /// An O_PATH descriptor of what `path` leads to; -1 with errno.
  int open(const std::string& path) const {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT;
    // With a ".." it is EAGAIN when anything was renamed or mounted meanwhile (openat2(2)).
    int fd;
    do fd = static_cast<int>(syscall(SYS_openat2, fd_, path.c_str(), &how, sizeof how));
    while (fd < 0 && errno == EAGAIN);
    return fd;
  }

  /// Where the kernel lands with `path`, as seen from this root; nothing if it lands nowhere.
  std::optional<std::string> land(const std::string& path) const { return from_root(open(path)); }

  /// The same below /dev/shm where the machine's root counts, as it does for a backing directory.
  std::optional<std::string> land_in_backing_dir(const std::string& rest) const {
    return from_root(::open((name_ + "/dev/shm" + rest).c_str(), O_PATH | O_CLOEXEC));
  }

  static bool is_in_dev_shm(const std::string& where) {
    return where == "/dev/shm" || where.compare(0, 9, "/dev/shm/") == 0;
  }

 private:
  std::optional<std::string> from_root(int fd) const {
    if (fd < 0) return {};
    const std::string where = location(fd);
    close(fd);
    return where.substr(std::min(where.size(), name_.size()));
  }

  static std::string location(int fd) {
    char name[PATH_MAX];
    const ssize_t size = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), name, sizeof name);
    return std::string(name, size > 0 ? static_cast<std::size_t>(size) : 0);
  }

  int fd_;
  std::string name_;
};

}  // namespace ground
