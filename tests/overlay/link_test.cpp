// SPDX-License-Identifier: MIT
//
// Symbolic links that lead into the overlay: followed where the kernel would follow them.
#include <linux/magic.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "../parity/functions/raw.h"
#include "resolved.h"

namespace {

using scratch::backing;
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
  const std::string far = "/" + std::string(250, 'n');  // takes memory that the link's name does not need
  write_file("/dev/shm/dir" + far, "far");
  EXPECT_EQ(read_file("/dev/shm/to-dir" + far), "far");
  FILE* const stream = fopen("/dev/shm/link-to-link", "r");  // null, not -1, is what it fails with
  ASSERT_NE(stream, nullptr);
  EXPECT_EQ(fgetc(stream), 'h');
  fclose(stream);
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
  ASSERT_EQ(symlink("../nothing", "/dev/shm/out"), 0);
  EXPECT_EQ(read_file("/dev/shm/relative/below"), "there");
  EXPECT_EQ(taken(realpath("/dev/shm/relative/below", nullptr)), "/dev/shm/dir/below");
  write_file("/dev/shm/relative/sub/up", "made");
  EXPECT_EQ(read_file("/dev/shm/dir/new"), "made");
  for (const char* dangling : {"/dev/shm/dangling", "/dev/shm/out"}) {
    EXPECT_EQ(access(dangling, F_OK), -1) << dangling;
    EXPECT_EQ(errno, ENOENT) << dangling;
  }
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

TEST_F(Links, StatfsAndTheSearchInPathFollowThem) {
  mkdir("/dev/shm/dir", 0700);
  ASSERT_EQ(symlink("/dev/shm/dir", "/dev/shm/to-dir"), 0);
  ASSERT_EQ(symlink("/bin/false", "/dev/shm/dir/true"), 0);
  struct statfs kind {};
  EXPECT_EQ(statfs("/dev/shm/to-dir", &kind), 0);
  EXPECT_EQ(kind.f_type, TMPFS_MAGIC);

  const std::string path = getenv("PATH");
  setenv("PATH", "/dev/shm/to-dir:/bin", 1);
  char name[] = "true";
  char* const arguments[] = {name, nullptr};
  pid_t pid = -1;
  int status = -1;
  EXPECT_EQ(posix_spawnp(&pid, name, nullptr, nullptr, arguments, environ), 0);
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 1) << "it is false";
  setenv("PATH", path.c_str(), 1);
}

TEST_F(Links, SpawnPerformsItsActionsOnce) {
  mkdir("/dev/shm/dir", 0700);
  ASSERT_EQ(symlink("/dev/shm/dir", "/dev/shm/to-dir"), 0);
  ASSERT_EQ(symlink("/bin/true", "/dev/shm/dir/true"), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 100, "/dev/shm/made", O_CREAT | O_EXCL | O_WRONLY, 0600);
  char name[] = "true";
  char* const arguments[] = {name, nullptr};
  for (const auto spawn : {posix_spawn, posix_spawnp}) {
    pid_t pid = -1;
    int status = -1;
    EXPECT_EQ(spawn(&pid, "/dev/shm/to-dir/true", &actions, nullptr, arguments, environ), 0);
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(unlink("/dev/shm/made"), 0);
    EXPECT_EQ(spawn(&pid, "/dev/shm/to-dir/missing", &actions, nullptr, arguments, environ), ENOENT);
    unlink("/dev/shm/made");
  }
  posix_spawn_file_actions_destroy(&actions);
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
  if (parity::raw(SYS_faccessat, AT_FDCWD, "/dev/shm", F_OK) == 0)
    GTEST_SKIP() << "there is a real /dev/shm, where the kernel would make it";
  ASSERT_EQ(symlink("/dev/shm/new", "/dev/shm/link"), 0);
  const File file("/dev/shm/link");
  ASSERT_GE(file.fd(), 0);
  EXPECT_EQ(link_of(fd_link(file.fd())), "/dev/shm/new");
}

TEST_F(Links, TheFileSystemBehindALinkIsTheOverlays) {
  mkdir("/dev/shm/dir", 0700);
  ASSERT_EQ(symlink("/dev/shm/dir", "/dev/shm/to-dir"), 0);
  ASSERT_EQ(symlink("/dev/shm/to-dir", "/dev/shm/link"), 0);
  ASSERT_EQ(symlink("/usr", "/dev/shm/out"), 0);
  struct statfs found;
  for (const char* path : {"/dev/shm/link", "/dev/shm/to-dir/.", "/dev/shm/dir"}) {
    ASSERT_EQ(statfs(path, &found), 0) << path;
    EXPECT_EQ(found.f_type, TMPFS_MAGIC) << path;
  }
  ASSERT_EQ(statfs("/dev/shm/out", &found), 0);
  EXPECT_NE(found.f_type, TMPFS_MAGIC);
}

/// Opens `path` as a stream that is open already, while a lower descriptor is free. Returns whether the stream keeps
/// its own.
bool keeps_its_descriptor(const char* path, const char* mode) {
  const int lower = open("/dev/null", O_RDONLY);
  FILE* const stream = fopen("/dev/null", "r");
  const int own = fileno(stream);
  close(lower);
  errno = 77;
  FILE* const reopened = freopen(path, mode, stream);
  EXPECT_EQ(reopened, stream) << path << " errno " << errno;
  if (!reopened) return false;
  EXPECT_EQ(errno, 77) << path;
  const bool is_kept = fileno(stream) == own;
  fclose(stream);
  return is_kept;
}

// A freopen that fails has closed its stream, so it may not be called twice.
TEST_F(Links, FreopenKeepsItsDescriptor) {
  mkdir("/dev/shm/dir", 0700);
  ASSERT_EQ(symlink("/dev/shm/target", "/dev/shm/link"), 0);
  ASSERT_EQ(symlink("/dev/shm/dir", "/dev/shm/to-dir"), 0);
  EXPECT_TRUE(keeps_its_descriptor("/dev/shm/link", "w"));
  EXPECT_TRUE(keeps_its_descriptor("/dev/shm/link", "r"));
  EXPECT_TRUE(keeps_its_descriptor("/dev/shm/to-dir/new", "wx"));
  EXPECT_EQ(access("/dev/shm/target", F_OK), 0);
  EXPECT_EQ(access("/dev/shm/dir/new", F_OK), 0);
}

TEST_F(Links, FreopenKeepsItsDescriptorWhereTheDirectoryIsMissing) {
  ASSERT_EQ(rmdir(backing().c_str()), 0);
  EXPECT_TRUE(keeps_its_descriptor("/dev/shm/new", "w"));
  EXPECT_EQ(access("/dev/shm/new", F_OK), 0);
}

TEST_F(Links, FreopenClosesWhatItCantReopen) {
  ASSERT_EQ(symlink("/dev/shm/missing", "/dev/shm/link"), 0);
  ASSERT_EQ(symlink("/dev/shm/round-b", "/dev/shm/round-a"), 0);
  ASSERT_EQ(symlink("/dev/shm/round-a", "/dev/shm/round-b"), 0);
  const auto expect = [](const char* path, const char* mode, int error) {
    FILE* const stream = fopen("/dev/null", "r");
    const int own = fileno(stream);
    EXPECT_EQ(freopen(path, mode, stream), nullptr) << path;
    EXPECT_EQ(errno, error) << path;
    EXPECT_EQ(fcntl(own, F_GETFD), -1) << path;
  };
  expect("/dev/shm/missing", "r", ENOENT);
  expect("/dev/shm/link", "r", ENOENT);
  expect("/dev/shm/link", "wx", EEXIST);
  expect("/dev/shm/round-a", "w", ELOOP);
}

}  // namespace
