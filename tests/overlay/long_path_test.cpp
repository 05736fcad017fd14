// SPDX-License-Identifier: MIT
//
// Files in the overlay whose full path is longer than PATH_MAX, which /proc can't say.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <string>

namespace {

class LongPath : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(chdir("/dev/shm"), 0);
    const std::string name(240, 'a');
    for (int level = 0; level < 20; ++level) {
      ASSERT_TRUE(mkdir(name.c_str(), 0700) == 0 || errno == EEXIST);
      ASSERT_EQ(chdir(name.c_str()), 0);
    }
    fd_ = open("f", O_RDWR | O_CREAT, 0600);
    ASSERT_GE(fd_, 0);
  }
  void TearDown() override {
    close(fd_);
    unlink("f");
    unlink("/dev/shm/linked");
    unlink("/dev/shm/renamed");
    ASSERT_EQ(chdir("/"), 0);
  }
  int fd_ = -1;
};

TEST_F(LongPath, IsLinkedAndRenamedWithinTheOverlay) {
  EXPECT_EQ(link("f", "/dev/shm/linked"), 0) << errno;
  EXPECT_EQ(rename("f", "/dev/shm/renamed"), 0) << errno;
  EXPECT_EQ(rename("/dev/shm/renamed", "f"), 0) << errno;
  const int here = open(".", O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(renameat(here, "f", AT_FDCWD, "/dev/shm/renamed"), 0) << errno;
  EXPECT_EQ(linkat(fd_, "", AT_FDCWD, "/dev/shm/linked", AT_EMPTY_PATH), -1);
  EXPECT_EQ(errno, EEXIST);
  close(here);
}

TEST_F(LongPath, IsNotLinkedAcrossTheBoundary) {
  EXPECT_EQ(link("f", "/tmp/outside-of-shm"), -1);
  EXPECT_EQ(errno, EXDEV);
  EXPECT_EQ(rename("f", "/tmp/outside-of-shm"), -1);
  EXPECT_EQ(errno, EXDEV);
}

TEST_F(LongPath, IsOnATmpfs) {
  struct statfs found;
  ASSERT_EQ(fstatfs(fd_, &found), 0);
  EXPECT_EQ(found.f_type, TMPFS_MAGIC);
  ASSERT_EQ(statfs(".", &found), 0);
  EXPECT_EQ(found.f_type, TMPFS_MAGIC);
  ASSERT_EQ(ftruncate(fd_, 8192), 0);
  EXPECT_EQ(fallocate(fd_, FALLOC_FL_ZERO_RANGE, 0, 4096), -1);
  EXPECT_EQ(errno, EOPNOTSUPP);
}

}  // namespace
