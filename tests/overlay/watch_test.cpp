// SPDX-License-Identifier: MIT
//
// Watches on /dev/shm see what happens in the backing directory.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "backing.h"

namespace {

class WatchTest : public testing::Test {
 protected:
  void SetUp() override { remove_backing(); }
  void TearDown() override {
    if (fd_ >= 0) close(fd_);
    EXPECT_EQ(chdir("/"), 0);
    remove_backing();
  }
  /// Makes a file in the backing directory, past all wrappers.
  static void make_on_disk(const char* name) { close(creat((backing() + "/" + name).c_str(), 0600)); }

  int fd_ = -1;
};

TEST_F(WatchTest, InotifySeesWhatAppears) {
  fd_ = inotify_init1(IN_NONBLOCK);
  const int watch = inotify_add_watch(fd_, "/dev/shm", IN_CREATE);
  ASSERT_GE(watch, 0) << strerror(errno);
  make_on_disk("seen");
  alignas(inotify_event) char buffer[512];
  ASSERT_GT(read(fd_, buffer, sizeof buffer), 0) << strerror(errno);
  EXPECT_STREQ(reinterpret_cast<inotify_event*>(buffer)->name, "seen");
  EXPECT_EQ(inotify_add_watch(fd_, backing().c_str(), IN_CREATE), watch) << "the same directory, the same watch";
}

TEST_F(WatchTest, InotifyByRelativePathAndErrors) {
  fd_ = inotify_init1(IN_NONBLOCK);
  ASSERT_EQ(chdir("/dev"), 0);
  const int watch = inotify_add_watch(fd_, "./shm/", IN_CREATE);
  ASSERT_GE(watch, 0) << strerror(errno);
  EXPECT_EQ(inotify_add_watch(fd_, backing().c_str(), IN_CREATE), watch);
  EXPECT_EQ(inotify_add_watch(fd_, "/dev/shm/none", IN_CREATE), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(inotify_add_watch(fd_, nullptr, IN_CREATE), -1);
  EXPECT_EQ(errno, EFAULT);
  remove_backing();
  EXPECT_GE(inotify_add_watch(fd_, "/dev/shm", IN_CREATE), 0) << "made again";
}

TEST_F(WatchTest, FanotifyMarksTheBackingDirectory) {
  fd_ = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK, O_RDONLY);
  if (fd_ < 0) GTEST_SKIP() << "fanotify: " << strerror(errno);
  mkdir("/dev/shm", 0);  // has the directory made
  ASSERT_EQ(fanotify_mark(fd_, FAN_MARK_ADD, FAN_OPEN | FAN_EVENT_ON_CHILD, AT_FDCWD, "/dev/shm"), 0)
      << strerror(errno);
  make_on_disk("seen");
  char buffer[512];
  const ssize_t got = read(fd_, buffer, sizeof buffer);
  ASSERT_GE(got, static_cast<ssize_t>(sizeof(fanotify_event_metadata))) << strerror(errno);
  close(reinterpret_cast<fanotify_event_metadata*>(buffer)->fd);

  const int dev = open("/dev", O_PATH);
  EXPECT_EQ(fanotify_mark(fd_, FAN_MARK_REMOVE, FAN_OPEN | FAN_EVENT_ON_CHILD, dev, "shm"), 0) << strerror(errno);
  close(dev);
  const int shm = open(backing().c_str(), O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(fanotify_mark(fd_, FAN_MARK_ADD, FAN_OPEN, shm, nullptr), 0) << "no path: the descriptor itself";
  close(shm);
}

}  // namespace
