// SPDX-License-Identifier: MIT
#include "../../preload/start_dir.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <filesystem>
#include <string>

#include "support.h"

using devshm::judge_from;
using devshm::Verdict;
using support::ScratchDir;

namespace {

/// A directory descriptor.
class Dir {
 public:
  explicit Dir(const std::string& path, int flags = O_PATH) : fd_(open(path.c_str(), flags | O_CLOEXEC)) {}
  ~Dir() { close(fd_); }
  Dir(const Dir&) = delete;
  Dir& operator=(const Dir&) = delete;
  operator int() const { return fd_; }

 private:
  int fd_;
};

void expect_outside(int base, const char* path) { EXPECT_EQ(judge_from(base, path).kind, Verdict::outside) << path; }

void expect(int base, const char* path, Verdict::Kind kind, const char* rest) {
  const Verdict verdict = judge_from(base, path);
  EXPECT_EQ(verdict.kind, kind) << path;
  EXPECT_STREQ(verdict.rest, rest) << path;
}

/// Goes to a directory, and back at the end.
class At {
 public:
  explicit At(const std::string& dir) : old_(std::filesystem::current_path()) { std::filesystem::current_path(dir); }
  ~At() { std::filesystem::current_path(old_); }
  At(const At&) = delete;
  At& operator=(const At&) = delete;

 private:
  std::filesystem::path old_;
};

/// What must come of it from /, wherever that is said.
void expect_start_at_root(int base) {
  expect(base, "dev/shm", Verdict::inside, "");
  expect(base, "dev/shm/x", Verdict::inside, "/x");
  expect(base, "./dev//shm/x/", Verdict::inside, "/x/");
  expect(base, "../dev/shm/x", Verdict::inside, "/x");
  expect(base, "dev/../dev/shm/x", Verdict::inside, "/x");
  expect(base, "dev/shm/../null", Verdict::through, "/null");
  expect_outside(base, "shm");
  expect_outside(base, "dev");
  expect_outside(base, "dev/shmx");
  expect_outside(base, "tmp/dev/shm");
  expect_outside(base, "");
}

void expect_start_in_dev(int base) {
  expect(base, "shm", Verdict::inside, "");
  expect(base, "shm/x", Verdict::inside, "/x");
  expect(base, ".//shm/x/", Verdict::inside, "/x/");
  expect(base, "../dev/shm/x", Verdict::inside, "/x");
  expect(base, "shm/../shm/x", Verdict::inside, "/x");
  expect(base, "shm/../null", Verdict::through, "/null");
  expect(base, "shm/..", Verdict::through, "");
  expect_outside(base, "shmx");
  expect_outside(base, "dev/shm");
  expect_outside(base, "../shm");
  expect_outside(base, ".");
}

void expect_start_elsewhere(int base) {
  expect_outside(base, "shm/x");
  expect_outside(base, "dev/shm/x");
  expect_outside(base, "../dev/shm/x");
  expect_outside(base, "nosuch/dev/shm/x");
}

TEST(JudgeFrom, FollowsTheWorkingDirectory) {
  {
    const At at("/");
    expect_start_at_root(AT_FDCWD);
  }
  {
    const At at("/dev");
    expect_start_in_dev(AT_FDCWD);
  }
  const ScratchDir scratch;
  const At at(scratch.path());
  expect_start_elsewhere(AT_FDCWD);
}

TEST(JudgeFrom, FollowsADescriptor) {
  const ScratchDir scratch;
  const At at(scratch.path());
  for (const int flags : {O_PATH, O_RDONLY | O_DIRECTORY}) {
    expect_start_at_root(Dir("/", flags));
    expect_start_in_dev(Dir("/dev", flags));
    expect_start_elsewhere(Dir(scratch.path(), flags));
  }
}

// A directory with the right names in it that is not the right one.
TEST(JudgeFrom, IsNotTakenInByNames) {
  const ScratchDir scratch;
  std::filesystem::create_directories(scratch / "dev/shm/dev/shm");
  std::filesystem::create_directories(scratch / "shm");
  expect_start_elsewhere(Dir(scratch.path()));
  expect_start_elsewhere(Dir(scratch / "dev"));
  expect_start_elsewhere(Dir(scratch / "dev/shm"));
}

TEST(JudgeFrom, FollowsLinksToDevAndToTheRoot) {
  const ScratchDir scratch;
  std::filesystem::create_symlink("/dev", scratch / "devices");
  std::filesystem::create_symlink("/", scratch / "top");
  std::filesystem::create_symlink("/dev", scratch / "shm");  // a candidate itself, and on the way to one
  expect_start_in_dev(Dir(scratch / "devices"));
  expect_start_at_root(Dir(scratch / "top"));
  const Dir dir(scratch.path());
  expect(dir, "devices/shm/x", Verdict::inside, "/x");
  expect(dir, "top/dev/shm/x", Verdict::inside, "/x");
  expect(dir, "devices/../dev/shm/x", Verdict::inside, "/x");
  expect(dir, "devices/shm/../null", Verdict::through, "/null");
  expect(dir, "shm/shm/x", Verdict::inside, "/x");
  expect(dir, "./top//proc/self/root/dev/shm", Verdict::inside, "");
  expect_outside(dir, "devices/shmx");
  expect_outside(dir, "top/shm/x");
  expect_outside(dir, "shm/x");
}

TEST(JudgeFrom, ClimbsUpFromWhereItStarts) {
  const ScratchDir scratch;
  std::string up;  // as many as it takes, and more
  for (int i = 0; i < 40; ++i) up += "../";
  const Dir dir(scratch.path());
  expect(dir, (up + "dev/shm/x").c_str(), Verdict::inside, "/x");
  expect(dir, (up + "dev/shm/../x").c_str(), Verdict::through, "/x");
  expect_outside(dir, (up + "shm/x").c_str());
}

TEST(JudgeFrom, AsksNoDirectoryForAnAbsolutePath) {
  expect(-1, "/dev/shm/x", Verdict::inside, "/x");
  expect(-1, "/dev/shm/../x", Verdict::through, "/x");
  expect_outside(-1, "/dev/x");
}

TEST(JudgeFrom, LeavesABadDescriptorToTheKernel) {
  const ScratchDir scratch;
  support::write_file(scratch / "file");
  for (const int base : {-1, 1 << 20}) {
    expect_outside(base, "shm/x");
    expect_outside(base, "dev/shm/x");
  }
  expect_outside(Dir(scratch / "file"), "shm/x");
}

TEST(JudgeFrom, GivesUpOnAPathThatIsTooLong) {
  const Dir dev("/dev");
  std::string path;
  while (path.size() < PATH_MAX - 2) path += "./";
  expect(dev, (path + "shm/x").c_str(), Verdict::inside, "/x");
  expect_outside(dev, (path + ".////shm/x").c_str());
}

TEST(JudgeFrom, FindsNothingWhereThereIsNoDev) {
  if (geteuid() != 0) GTEST_SKIP() << "chroot is for root";
  const ScratchDir empty;
  EXPECT_EXIT(_exit(chroot(empty.path().c_str()) != 0                        ? 1
                    : judge_from(AT_FDCWD, "shm/x").kind == Verdict::outside ? 0
                                                                             : 2),
              testing::ExitedWithCode(0), "");
}

TEST(JudgeFrom, LeavesErrnoAlone) {
  const Dir root("/");
  errno = 1234;
  judge_from(-1, "shm/x");
  judge_from(root, "nosuch/shm/x");
  judge_from(root, "dev/shm/x");
  EXPECT_EQ(errno, 1234);
}

}  // namespace
