// SPDX-License-Identifier: MIT
#include "../../preload/backing_dir.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "../../preload/real_dev_shm.h"
#include "../../preload/settings.h"
#include "../../preload/take_over.h"
#include "support.h"

using devshm::backing_dir_was_remade;
using devshm::ensure_backing_dir;
using support::in_child;
using support::in_silent_child;
using support::names_in;

namespace {

constexpr const char* advice = "; remove it, or set DEVSHM_DIR to another directory\n";
/// For root to take it over, the directory above would have to be sticky.
std::string owners_advice(const std::string& dir) {
  return ", not to root or to you; as root, make it everybody's: install -d -m 1777 -o root " + dir +
         ", or set DEVSHM_DIR to another directory\n";
}
constexpr const char* other_advice = "); set DEVSHM_DIR to another directory\n";

mode_t mode_of(const std::string& path) {
  struct stat found;
  return lstat(path.c_str(), &found) == 0 ? found.st_mode : 0;
}

class BackingDir : public testing::Test {
 protected:
  /// In a child: ensure_backing_dir() answers so, twice, and says so once.
  void expect_answer(
      int error, const std::string& complaint, const std::function<void()>& prepare = [] {}) {
    const std::string said = in_child({{"DEVSHM_DIR", dir_}}, [&] {
      hide_real_one();
      prepare();
      ASSERT_FALSE(testing::Test::HasFailure());
      errno = 1234;
      EXPECT_EQ(ensure_backing_dir(), error);
      EXPECT_EQ(ensure_backing_dir(), error);
      EXPECT_EQ(errno, 1234);
    });
    EXPECT_EQ(said, complaint.empty() ? "" : "devshm: " + complaint);
  }

  /// With a real /dev/shm that is good, nothing would be refused.
  static void hide_real_one() {
    if (support::enter_private_mounts()) support::protect_dev_shm();
    ASSERT_FALSE(devshm::real_dev_shm_will_do());
  }

  /// Not gone, but so new that somebody else may have made it again: within a second or two, which can pass between two
  /// calls. Then it is made anew.
  bool is_remade_while_it_is_new() const {
    for (int round = 0; round < 100; ++round) {
      const auto begun = std::chrono::system_clock::now();
      std::filesystem::remove_all(scratch_ / "a");
      if (!backing_dir_was_remade()) return false;
      const bool remade = backing_dir_was_remade();
      if (remade || std::chrono::system_clock::now() - begun < std::chrono::seconds(1)) return remade;
    }
    return false;
  }

  void expect_complete(const std::string& dir) { EXPECT_EQ(mode_of(dir), static_cast<mode_t>(S_IFDIR | 01777)) << dir; }

  support::ScratchDir scratch_;
  std::string dir_ = scratch_ / "shm";
};

TEST_F(BackingDir, IsMadeWithItsModeWhateverTheUmask) {
  for (const mode_t mask : {0, 022, 077, 0777}) {
    expect_answer(0, "", [&] { umask(mask); });
    expect_complete(dir_);
    EXPECT_EQ(names_in(scratch_.path()), std::vector<std::string>{"shm"});
    rmdir(dir_.c_str());
  }
}

TEST_F(BackingDir, IsMadeWithItsParents) {
  dir_ = scratch_ / "a//b/c/shm";
  expect_answer(0, "");
  expect_complete(dir_);
  EXPECT_EQ(mode_of(scratch_ / "a/b"), static_cast<mode_t>(S_IFDIR | (0755 & ~umask(022))));
  EXPECT_EQ(names_in(scratch_ / "a/b/c"), std::vector<std::string>{"shm"});
}

TEST_F(BackingDir, IsTakenAsItIs) {
  ASSERT_EQ(mkdir(dir_.c_str(), 0700), 0);
  expect_answer(0, "");
  EXPECT_EQ(mode_of(dir_), static_cast<mode_t>(S_IFDIR | 0700));
}

// 255 bytes for the last name are the file system's limit, not ours.
TEST_F(BackingDir, MayHaveTheLongestName) {
  for (const std::size_t length : {200, 240, 255}) {
    dir_ = scratch_ / std::string(length, 'n');
    expect_answer(0, "");
    expect_complete(dir_);
  }
}

TEST_F(BackingDir, IsRemadeAfterRemoval) {
  in_silent_child({{"DEVSHM_DIR", scratch_ / "a/shm"}}, [&] {
    ASSERT_EQ(ensure_backing_dir(), 0);
    EXPECT_TRUE(is_remade_while_it_is_new());
    sleep(3);
    EXPECT_FALSE(backing_dir_was_remade());  // not gone
    for (int i = 0; i < 3; ++i) {
      std::filesystem::remove_all(scratch_ / "a");
      errno = 1234;
      EXPECT_TRUE(backing_dir_was_remade());
      EXPECT_EQ(errno, 1234);
      expect_complete(scratch_ / "a/shm");
      EXPECT_EQ(ensure_backing_dir(), 0);
    }
  });
}

TEST_F(BackingDir, IsNotRemadeWhereItCantBe) {
  const std::string said = in_child({{"DEVSHM_DIR", dir_}}, [&] {
    ASSERT_EQ(ensure_backing_dir(), 0);
    ASSERT_EQ(rmdir(dir_.c_str()), 0);
    ASSERT_EQ(symlink("elsewhere", dir_.c_str()), 0);
    EXPECT_FALSE(backing_dir_was_remade());
  });
  EXPECT_EQ(said, "devshm: " + dir_ + " is a symbolic link, which could lead anywhere" + advice);
}

TEST_F(BackingDir, IsNoSymbolicLink) {
  for (const char* target : {"/tmp", "nosuch", "shm"}) {
    ASSERT_EQ(symlink(target, dir_.c_str()), 0);
    expect_answer(ELOOP, dir_ + " is a symbolic link, which could lead anywhere" + advice);
    ASSERT_EQ(unlink(dir_.c_str()), 0);
  }
}

TEST_F(BackingDir, IsNoFile) {
  support::write_file(dir_);
  expect_answer(ENOTDIR, dir_ + " is not a directory" + advice);
}

TEST_F(BackingDir, DoesNotLieInAFile) {
  support::write_file(scratch_ / "file");
  dir_ = scratch_ / "file/shm";
  expect_answer(ENOTDIR,
                "can't look at " + dir_ +
                    ": a part of the path is not a directory (errno 20); set DEVSHM_DIR to another directory\n");
}

TEST_F(BackingDir, DoesNotLieBehindALinkToNowhere) {
  ASSERT_EQ(symlink("nosuch", (scratch_ / "link").c_str()), 0);
  dir_ = scratch_ / "link/shm";
  expect_answer(ENOENT, "can't make " + dir_ + ": the directory above it is missing (errno 2" + other_advice);
}

TEST_F(BackingDir, IsNoStrangers) {
  NEEDS(support::lacks_other_users());
  ASSERT_EQ(mkdir(dir_.c_str(), 01777), 0);
  ASSERT_EQ(chown(dir_.c_str(), support::nobody, support::nobody), 0);
  expect_answer(EACCES, dir_ + " belongs to user 65534" + owners_advice(dir_));
}

TEST_F(BackingDir, IsOursOrRoots) {
  NEEDS(support::lacks_other_users());
  ASSERT_EQ(mkdir(dir_.c_str(), 01777), 0);
  expect_answer(0, "", support::become_nobody);
  ASSERT_EQ(chown(dir_.c_str(), support::nobody, support::nobody), 0);
  expect_answer(0, "", support::become_nobody);
  ASSERT_EQ(chown(dir_.c_str(), 1, 1), 0);
  expect_answer(EACCES, dir_ + " belongs to user 1" + owners_advice(dir_), support::become_nobody);
}

TEST_F(BackingDir, HasNoNameThatIsTooLong) {
  dir_ = scratch_ / std::string(256, 'n');
  expect_answer(ENAMETOOLONG, "can't look at " + dir_ + ": the path is too long (errno 36" + other_advice);
}

// Root had begun to take it over, and was killed.
TEST_F(BackingDir, DoesNotWaitForeverForRoot) {
  NEEDS(support::lacks_other_users());
  ASSERT_EQ(mkdir(dir_.c_str(), 01777), 0);
  ASSERT_EQ(chown(dir_.c_str(), devshm::owner_in_between, 0), 0);
  expect_answer(EACCES, dir_ + " keeps being changed by another process" + advice, support::become_nobody);
}

TEST_F(BackingDir, NeedsTheRightToMakeIt) {
  NEEDS(support::lacks_other_users());
  expect_answer(EACCES, "can't make " + dir_ + ": permission denied (errno 13" + other_advice, support::become_nobody);
  EXPECT_TRUE(names_in(scratch_.path()).empty());
}

TEST_F(BackingDir, NeedsAFileSystemThatCanBeWritten) {
  NEEDS(support::lacks_private_mounts());
  const auto make_read_only = [&] {
    const char* path = scratch_.path().c_str();
    ASSERT_TRUE(support::enter_private_mounts());
    ASSERT_EQ(mount(path, path, nullptr, MS_BIND, nullptr), 0);
    ASSERT_EQ(mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), 0);
  };
  expect_answer(EROFS, "can't make " + dir_ + ": the file system is read-only (errno 30" + other_advice,
                make_read_only);
  // There is something to be read in one that is there already.
  ASSERT_EQ(mkdir(dir_.c_str(), 01777), 0);
  expect_answer(0, "", make_read_only);
}

TEST_F(BackingDir, NeedsRoom) {
  NEEDS(support::lacks_private_mounts());
  expect_answer(ENOSPC, "can't make " + dir_ + ": the file system is full (errno 28" + other_advice, [&] {
    ASSERT_TRUE(support::enter_private_mounts());
    // The one inode is that of the root directory.
    ASSERT_EQ(mount("none", scratch_.path().c_str(), "tmpfs", 0, "nr_inodes=1"), 0);
  });
}

// What a process left behind that was killed while it made the directory does not stand in the way of the next one,
// even one with the same number.
TEST_F(BackingDir, PassesOverLeftovers) {
  in_silent_child({{"DEVSHM_DIR", dir_}}, [&] {
    ASSERT_EQ(mkdir((dir_ + ".new." + std::to_string(gettid()) + ".0").c_str(), 0700), 0);
    EXPECT_EQ(ensure_backing_dir(), 0);
    expect_complete(dir_);
  });
}

/// One of many: looks at the directory, makes it, looks at it again. Says what was wrong, 0 for nothing.
int race(const std::string& dir) {
  const auto is_wrong = [&] {
    const mode_t mode = mode_of(dir);
    return mode != 0 && mode != static_cast<mode_t>(S_IFDIR | 01777);
  };
  for (int i = 0; i < 50; ++i)
    if (is_wrong()) return 1;
  if (ensure_backing_dir() != 0) return 2;
  if (is_wrong() || mode_of(dir) == 0) return 3;
  // A file made in it must not get lost with a directory that somebody else puts in its place.
  const std::string file = dir + "/" + std::to_string(getpid());
  support::write_file(file);
  usleep(1000);
  return mode_of(file) ? 0 : 4;
}

TEST_F(BackingDir, IsMadeOnceByManyAtATime) {
  constexpr int process_count = 32;
  for (int round = 0; round < 10; ++round) {
    in_silent_child({{"DEVSHM_DIR", dir_}}, [&] {
      umask(077);
      int gate[2];
      ASSERT_EQ(pipe(gate), 0);
      std::vector<pid_t> racers(process_count);
      for (pid_t& racer : racers) {
        racer = fork();
        if (racer != 0) continue;
        char nothing;
        close(gate[1]);
        const bool started = read(gate[0], &nothing, 1) == 0;
        _exit(started ? race(dir_) : 99);
      }
      close(gate[1]);  // off they go
      for (const pid_t racer : racers) {
        int status = -1;
        EXPECT_EQ(waitpid(racer, &status, 0), racer);
        EXPECT_EQ(status, 0);
      }
    });
    EXPECT_EQ(names_in(dir_).size(), static_cast<std::size_t>(process_count));
    EXPECT_EQ(names_in(scratch_.path()), std::vector<std::string>{"shm"});
    std::filesystem::remove_all(dir_);
  }
}

}  // namespace
