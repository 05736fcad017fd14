// SPDX-License-Identifier: MIT
//
// What is read from /proc of mounts and callers, and how flags are shown.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <thread>

#include "../../../daemon/caller.h"
#include "../../../daemon/flags.h"
#include "../../../daemon/fuse.h"
#include "../../../daemon/mount.h"

namespace devshmd {
namespace {

TEST(Mounts, AreReadInTheirOrder) {
  const auto entries = parse_mountinfo(
      "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
      "30 22 0:52 / /dev/shm rw,nosuid shared:7 master:3 - fuse.devshm devshm rw,user_id=0\n"
      "31 22 0:53 /sub /with\\040space\\134 rw - tmpfs tmpfs rw\n"
      "broken line\n\n");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[1].device, "0:52");
  EXPECT_EQ(entries[1].point, "/dev/shm");
  EXPECT_EQ(entries[1].type, "fuse.devshm");
  EXPECT_EQ(entries[2].point, "/with space\\");
}

TEST(Mounts, AbsolutePathsAlsoOfWhatCanNotBeLookedAt) {
  EXPECT_EQ(absolute("/"), "/");
  EXPECT_EQ(absolute("/proc/."), "/proc");
  EXPECT_EQ(absolute("/proc/not-there"), "/proc/not-there");
  EXPECT_EQ(absolute("/proc/not-there/"), "/proc/not-there");
  EXPECT_EQ(absolute("/not-there"), "/not-there");
  char here[4096];
  ASSERT_NE(getcwd(here, sizeof here), nullptr);
  EXPECT_EQ(absolute("not-there"), std::string(here) + "/not-there");
}

TEST(Mounts, AnOrdinaryDirectoryIsNotDead) {
  EXPECT_FALSE(is_dead("/"));
  EXPECT_FALSE(is_dead("/not-there"));
}

TEST(Callers, AreFoundByTheirThread) {
  Callers callers;
  EXPECT_EQ(callers.find(gettid()).pid, getpid());
  EXPECT_EQ(callers.find(0).program, "(kernel)");
  EXPECT_EQ(callers.find(1 << 30).program, "(gone)");
  std::thread([&] { EXPECT_EQ(callers.find(gettid()).pid, getpid()); }).join();
}

TEST(Callers, NamesAreReadEachTime) {
  Callers callers;
  char before[16];
  prctl(PR_GET_NAME, before);
  for (const char* name : {"one", "two\n Tgid:\t1", "", "a\\nb"}) {
    prctl(PR_SET_NAME, name);
    EXPECT_EQ(callers.find(gettid()).program, std::string(name).substr(0, 15));
    EXPECT_EQ(callers.find(gettid()).pid, getpid());
  }
  prctl(PR_SET_NAME, before);
}

TEST(Callers, AThreadThatHasGoneIsNotAnotherOne) {
  Callers callers;
  pid_t thread = 0;
  std::thread([&] { callers.find(thread = gettid()); }).join();
  // The kernel may count the thread a moment longer than its process does.
  while (callers.find(thread).program != "(gone)") std::this_thread::yield();
}

TEST(Callers, OnlyTheLastOnesAreRemembered) {
  const auto open_descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  Callers callers;
  const auto before = open_descriptors();
  for (int i = 0; i < 200; ++i) std::thread([&] { EXPECT_EQ(callers.find(gettid()).pid, getpid()); }).join();
  EXPECT_LE(open_descriptors(), before + 64);
}

TEST(Flags, AreShownByName) {
  EXPECT_EQ(open_flags(O_RDONLY), "O_RDONLY");
  EXPECT_EQ(open_flags(O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600), "O_RDWR|O_CREAT|O_EXCL|O_NOFOLLOW 0600");
  EXPECT_EQ(open_flags(O_WRONLY | O_TMPFILE), "O_WRONLY|O_TMPFILE");
  EXPECT_EQ(open_flags(O_RDONLY | O_DIRECTORY), "O_RDONLY|O_DIRECTORY");
  EXPECT_EQ(open_flags(1 << 28), "O_RDONLY|0x10000000");
  EXPECT_EQ(mode_text(S_IFIFO | 0640), "S_IFIFO 0640");
  EXPECT_EQ(mode_text(01777), "1777");
  EXPECT_EQ(rename_flags(0), "");
  EXPECT_EQ(rename_flags(3), "RENAME_NOREPLACE|RENAME_EXCHANGE");
  EXPECT_EQ(fallocate_flags(3), "FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE");
  EXPECT_EQ(attribute_flags(FUSE_SET_ATTR_SIZE | FUSE_SET_ATTR_MODE), "mode|size");
}

}  // namespace
}  // namespace devshmd
