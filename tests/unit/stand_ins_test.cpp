// SPDX-License-Identifier: MIT
#include "../../preload/stand_ins.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "support.h"

namespace {

/// The stand-in for a function of that type.
template <class Function>
Function* of(const char* name) {
  return reinterpret_cast<Function*>(devshm::stand_in(name));
}

class StandIn : public testing::Test {
 protected:
  void SetUp() override {
    support::write_file(file_);
    ASSERT_EQ(symlink("file", link_.c_str()), 0);
  }

  /// A stand-in on a descriptor that is none fails as the system call itself.
  template <class Function, class... Arguments>
  static void expect_failure(const char* name, long number, Arguments... arguments) {
    ASSERT_EQ(syscall(number, -1, arguments...), -1);
    const int expected = errno;
    errno = 0;
    EXPECT_EQ(of<Function>(name)(-1, arguments...), -1) << name;
    EXPECT_EQ(errno, expected) << name;
  }

  support::ScratchDir scratch_;
  const std::string file_ = scratch_ / "file", link_ = scratch_ / "link", fifo_ = scratch_ / "fifo";
};

TEST_F(StandIn, OfStatTellsTheKind) {
  struct stat found {};
  const auto kind = [&](int result) { return result == 0 ? found.st_mode & S_IFMT : 0u; };
  EXPECT_EQ(kind(of<decltype(stat)>("stat")(link_.c_str(), &found)), static_cast<mode_t>(S_IFREG));
  EXPECT_EQ(kind(of<decltype(lstat)>("lstat")(link_.c_str(), &found)), static_cast<mode_t>(S_IFLNK));
  EXPECT_EQ(kind(of<decltype(fstatat)>("fstatat")(AT_FDCWD, link_.c_str(), &found, 0)), static_cast<mode_t>(S_IFREG));
  EXPECT_EQ(kind(of<decltype(fstat)>("fstat")(0, &found)), kind(fstat(0, &found)));
  EXPECT_EQ(of<decltype(stat)>("stat")((file_ + "/x").c_str(), &found), -1);
  EXPECT_EQ(errno, ENOTDIR);
}

TEST_F(StandIn, OfACallMakesIt) {
  EXPECT_EQ(of<decltype(mknod)>("mknod")(fifo_.c_str(), S_IFIFO | 0600, 0), 0);
  EXPECT_EQ(of<decltype(mknodat)>("mknodat")(AT_FDCWD, fifo_.c_str(), S_IFIFO | 0600, 0), -1);
  EXPECT_EQ(errno, EEXIST);
  EXPECT_EQ(of<decltype(mknod)>("mknod")((fifo_ + "2").c_str(), S_IFCHR | 0600, dev_t{1} << 32), -1);
  EXPECT_EQ(errno, EINVAL) << "the kernel would cut the device off";
  using Rename = int(int, const char*, int, const char*, unsigned);
  EXPECT_EQ(of<Rename>("renameat2")(AT_FDCWD, fifo_.c_str(), AT_FDCWD, (fifo_ + "2").c_str(), 0), 0);
  using Path = const char*;
  expect_failure<decltype(statx)>("statx", SYS_statx, "x", 0, 0u, nullptr);
  expect_failure<int(int, Path, const open_how*, std::size_t)>("openat2", SYS_openat2, "x", nullptr, 0ul);
  expect_failure<int(int, Path, char* const*, char* const*, int)>("execveat", SYS_execveat, "x", nullptr, nullptr, 0);
  expect_failure<int(int, Path, unsigned)>("open_tree", SYS_open_tree, "x", 0u);
  expect_failure<int(int, Path, int, Path, unsigned)>("move_mount", SYS_move_mount, "x", -1, "x", 0u);
  expect_failure<int(int, Path, unsigned)>("fspick", SYS_fspick, "x", 0u);
  expect_failure<int(int, unsigned, Path, const void*, int)>("fsconfig", SYS_fsconfig, 0u, nullptr, nullptr, 0);
  expect_failure<int(int, Path, unsigned, const void*, std::size_t)>("mount_setattr", SYS_mount_setattr, "x", 0u,
                                                                     nullptr, 0ul);
}

TEST_F(StandIn, OfAnotherNameIsThatFunction) {
  char* const resolved = of<char*(const char*)>("canonicalize_file_name")("/proc/../proc/.");
  EXPECT_STREQ(resolved, "/proc");
  free(resolved);
  char here[PATH_MAX], told[PATH_MAX];
  for (const char* name : {"getwd", "__getwd_chk"})
    EXPECT_STREQ(of<char*(char*)>(name)(told), getcwd(here, sizeof here)) << name;
  const int fd = of<int(const char*, int)>("__open_2")(file_.c_str(), O_RDONLY);
  EXPECT_GE(fd, 0);
  close(fd);
}

TEST_F(StandIn, OfOthersThereIsNone) {
  for (const char* name : {"open", "mount", "mount_setattr2", "x", ""})
    EXPECT_EQ(devshm::stand_in(name), nullptr) << name;
}

}  // namespace
