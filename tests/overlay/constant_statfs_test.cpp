// SPDX-License-Identifier: MIT
//
// What libpthread and librt of glibc before 2.34 ask, by __statfs, about the directory that they have in their
// constant. They keep the answer, so it is a tmpfs also while the directory is missing. Over the default directory, in
// a /tmp of its own.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cstring>

extern "C" int __statfs(const char* path, struct statfs* out);

namespace {

TEST(StatfsOfTheConstant, IsThatOfTheOverlay) {
  const int file = open("/dev/shm/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  ASSERT_GE(file, 0);
  close(file);
  struct statfs wanted, found;
  ASSERT_EQ(statfs("/dev/shm", &wanted), 0);
  ASSERT_EQ(__statfs("/tmp/shm/", &found), 0);
  EXPECT_EQ(found.f_type, TMPFS_MAGIC);
  EXPECT_EQ(found.f_blocks, wanted.f_blocks);
  EXPECT_EQ(found.f_namelen, wanted.f_namelen);
  ASSERT_EQ(unlink("/dev/shm/file"), 0);
}

TEST(StatfsOfTheConstant, IsATmpfsWhileTheDirectoryIsMissing) {
  ASSERT_TRUE(rmdir("/tmp/shm") == 0 || errno == ENOENT);
  struct statfs found;
  std::memset(&found, 0xff, sizeof found);
  ASSERT_EQ(__statfs("/tmp/shm/", &found), 0);
  EXPECT_EQ(found.f_type, TMPFS_MAGIC);
  EXPECT_EQ(found.f_namelen, 0);
}

TEST(StatfsOfTheConstant, IsNoOtherPaths) {
  struct statfs found;
  for (const char* path : {"/usr/bin/", "/usr/bin"}) {
    ASSERT_EQ(__statfs(path, &found), 0);
    EXPECT_NE(found.f_type, TMPFS_MAGIC) << path;
  }
  EXPECT_EQ(__statfs("/nowhere", &found), -1);
  EXPECT_EQ(errno, ENOENT);
}

}  // namespace
