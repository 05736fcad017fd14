// SPDX-License-Identifier: MIT
//
// Symbolic links that lead into the overlay: followed where the kernel would follow them.
#include <sys/stat.h>
#include <sys/syscall.h>

#include "resolved.h"

namespace {

using scratch::read_file;
using scratch::write_file;

class Links : public scratch::Overlay {};

TEST_F(Links, LinksIntoTheOverlayAreFollowed) {
  write_file("/dev/shm/target", "here");
  mkdir("/dev/shm/dir", 0700);
  write_file("/dev/shm/dir/below", "there");
  ASSERT_EQ(symlink("/dev/shm/target", "/dev/shm/link"), 0);
  ASSERT_EQ(symlink("/dev/shm/link", "/dev/shm/link-to-link"), 0);
  ASSERT_EQ(symlink("/dev/shm/dir", "/dev/shm/to-dir"), 0);
  EXPECT_EQ(read_file("/dev/shm/link"), "here");
  EXPECT_EQ(read_file("/dev/shm/link-to-link"), "here");
  EXPECT_EQ(read_file("/dev/shm/to-dir/below"), "there");
  struct stat found;
  EXPECT_EQ(stat("/dev/shm/link", &found), 0);
  EXPECT_TRUE(S_ISREG(found.st_mode));
  EXPECT_EQ(lstat("/dev/shm/to-dir/../link", &found), 0);
  EXPECT_TRUE(S_ISLNK(found.st_mode));
  EXPECT_EQ(taken(realpath("/dev/shm/to-dir/below", nullptr)), "/dev/shm/dir/below");
  EXPECT_EQ(taken(realpath("/dev/shm/link-to-link", nullptr)), "/dev/shm/target");
}

TEST_F(Links, RelativeLinksThatLeadToThoseAreFollowed) {
  mkdir("/dev/shm/dir", 0700);
  mkdir("/dev/shm/dir/sub", 0700);
  write_file("/dev/shm/dir/below", "there");
  ASSERT_EQ(symlink("/dev/shm/dir", "/dev/shm/to-dir"), 0);
  ASSERT_EQ(symlink("to-dir", "/dev/shm/relative"), 0);
  ASSERT_EQ(symlink("../../relative/new", "/dev/shm/dir/sub/up"), 0);
  ASSERT_EQ(symlink("nothing", "/dev/shm/dangling"), 0);
  EXPECT_EQ(read_file("/dev/shm/relative/below"), "there");
  EXPECT_EQ(taken(realpath("/dev/shm/relative/below", nullptr)), "/dev/shm/dir/below");
  write_file("/dev/shm/relative/sub/up", "made");
  EXPECT_EQ(read_file("/dev/shm/dir/new"), "made");
  EXPECT_EQ(access("/dev/shm/dangling", F_OK), -1);
  EXPECT_EQ(errno, ENOENT);
  struct stat found;
  EXPECT_EQ(lstat("/dev/shm/relative", &found), 0);
  EXPECT_TRUE(S_ISLNK(found.st_mode));
}

TEST_F(Links, LinksThatAreMeantThemselvesAreNotFollowed) {
  mkdir("/dev/shm/dir", 0700);
  ASSERT_EQ(symlink("/dev/shm/dir", "/dev/shm/to-dir"), 0);
  ASSERT_EQ(symlink("/dev/shm/target", "/dev/shm/dir/link"), 0);
  write_file("/dev/shm/target");
  struct stat found;
  EXPECT_EQ(lstat("/dev/shm/to-dir/link", &found), 0);
  EXPECT_TRUE(S_ISLNK(found.st_mode));
  EXPECT_EQ(link_of("/dev/shm/to-dir/link"), "/dev/shm/target");
  EXPECT_EQ(open("/dev/shm/to-dir/link", O_WRONLY | O_CREAT | O_EXCL, 0600), -1);
  EXPECT_EQ(errno, EEXIST);
  EXPECT_EQ(open("/dev/shm/to-dir/link", O_RDONLY | O_NOFOLLOW), -1);
  EXPECT_EQ(errno, ELOOP);
  // A rename replaces the link, though its other path has to be followed.
  write_file("/dev/shm/dir/new", "new");
  ASSERT_EQ(symlink("/dev/shm/nothing", "/dev/shm/dangling"), 0);
  EXPECT_EQ(rename("/dev/shm/to-dir/new", "/dev/shm/dangling"), 0);
  EXPECT_EQ(read_file("/dev/shm/dangling"), "new");
  EXPECT_EQ(unlink("/dev/shm/to-dir/link"), 0);
  EXPECT_EQ(access("/dev/shm/target", F_OK), 0);
}

TEST_F(Links, CirclesOfLinksEnd) {
  ASSERT_EQ(symlink("/dev/shm/round-b", "/dev/shm/round-a"), 0);
  ASSERT_EQ(symlink("/dev/shm/round-a", "/dev/shm/round-b"), 0);
  EXPECT_EQ(open("/dev/shm/round-a", O_RDONLY), -1);
  EXPECT_EQ(errno, ELOOP);
}

TEST_F(Links, TemplatesBehindALinkAreWrittenBack) {
  mkdir("/dev/shm/dir", 0700);
  ASSERT_EQ(symlink("/dev/shm/dir", "/dev/shm/to-dir"), 0);
  char name[] = "/dev/shm/to-dir/fileXXXXXX";
  const int fd = mkstemp(name);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(std::string(name).substr(0, 20), "/dev/shm/to-dir/file");
  EXPECT_EQ(link_of(fd_link(fd)), "/dev/shm/dir/" + std::string(name).substr(16));
  close(fd);
}

TEST_F(Links, AFileIsMadeWhereALinkSays) {
  if (syscall(SYS_faccessat, AT_FDCWD, "/dev/shm", F_OK) == 0)
    GTEST_SKIP() << "there is a real /dev/shm, where the kernel would make it";
  ASSERT_EQ(symlink("/dev/shm/new", "/dev/shm/link"), 0);
  const File file("/dev/shm/link");
  ASSERT_GE(file.fd(), 0);
  EXPECT_EQ(link_of(fd_link(file.fd())), "/dev/shm/new");
}

}  // namespace
