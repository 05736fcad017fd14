// SPDX-License-Identifier: MIT
//
// Objects as they are created: by many at once, with claims that somebody holds, leaves or loses.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "../../preload/store/claim.h"
#include "../../preload/store/make_root.h"
#include "scratch_store.h"
#include "surroundings.h"

using devshm::store::Claim;
using devshm::store::Lock;
using devshm::store::Root;

namespace {

constexpr unsigned pool_size = devshm::store::pool_size;
/// After so many milliseconds a process may start a keeper again.
constexpr long until_tried_again = 2000;

class Creating : public ::testing::Test {
 protected:
  /// Creates an object, "first".
  void create_first() const {
    const int fd = store.create_patiently_with("first", "first");
    ASSERT_TRUE(is_memory(fd));
    close(fd);
  }
  /// The keeper has filled its pool, and fills it no more.
  void stop_keepers_with_a_full_pool() const {
    create_first();
    ASSERT_TRUE(store.comes_to_rest_with(1));
    for (const pid_t process : store.keepers()) kill(process, SIGSTOP);
  }
  void continue_keepers() const {
    for (const pid_t process : store.keepers()) kill(process, SIGCONT);
  }
  /// How many of that many are memory.
  int create_memory(unsigned count) const {
    int memory = 0;
    for (unsigned i = 0; i < count; ++i) {
      const std::string name = "m" + std::to_string(i);
      const int fd = store.create_with(name, name);
      memory += is_memory(fd);
      close(fd);
      EXPECT_EQ(store.text_of(name), name);
    }
    return memory;
  }
  std::filesystem::path pool() const { return store.root() + "/pool"; }

  ScratchStore store;
};

TEST_F(Creating, MoreThanThePoolHolds) {
  for (unsigned i = 0; i < 4 * pool_size; ++i) {
    const Created made = store.create_patiently(std::to_string(i));
    ASSERT_GE(made.fd_or_error, 0) << i;
    EXPECT_EQ(made.file, Why::is_memory) << i;
    dprintf(made.fd_or_error, "text %u", i);
    close(made.fd_or_error);
  }
  for (unsigned i = 0; i < 4 * pool_size; ++i) EXPECT_EQ(store.text_of(std::to_string(i)), "text " + std::to_string(i));
}

TEST_F(Creating, ManyAtOnceStartOneKeeper) {
  std::vector<pid_t> children;
  for (int i = 0; i < 40; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      const std::string name = "p" + std::to_string(i);
      const int fd = store.create_patiently_with(name, name);
      _exit(fd >= 0 && is_memory(fd) && store.text_of(name) == name ? 0 : 1);
    }
    children.push_back(child);
  }
  int failed = 0;
  for (const pid_t child : children) {
    int status;
    waitpid(child, &status, 0);
    failed += status != 0;
  }
  EXPECT_EQ(failed, 0);
  EXPECT_TRUE(comes_true([&] { return store.keepers().size() == 2; })) << store.keepers().size();
}

// A process that starts a keeper may be stopped. The others make files then, and start none.
TEST_F(Creating, WithoutItsTurnToStartAKeeperItIsAFile) {
  const Root root = devshm::store::own_root(store.dir().c_str());
  ASSERT_EQ(make_root(root), 0);
  const int turn = open_locked(root, devshm::store::Locked::start, Lock::Kind::exclusive, 0);
  ASSERT_GE(turn, 0);
  EXPECT_EQ(in_child([&] { return store.create("a", exclusively).file == Why::lock_busy ? 0 : 1; }), 0);
  EXPECT_TRUE(store.keepers().empty());
  close(turn);
  create_first();
}

// On a full disk what was made is removed, but not the lock that another process holds while it creates a file.
TEST_F(Creating, WithoutSpaceALockThatIsHeldStays) {
  const Root root = devshm::store::own_root(store.dir().c_str());
  ASSERT_EQ(make_root(root), 0);
  const auto create_without_space = [&](long call) {
    return in_child([&] {
      if (!refuse(call, ENOSPC)) return no_surroundings;
      const Created made = store.create("a", O_RDWR | O_CREAT);
      return made.fd_or_error >= 0 && made.file != Why::is_memory ? 0 : 1;
    });
  };
  {
    const Lock lock(root, Lock::Kind::shared, 1000);
    ASSERT_TRUE(lock.is_held());
    EXPECT_EQ(create_without_space(SYS_mkdirat), 0);
    struct stat found;
    EXPECT_EQ(fstatat(AT_FDCWD, root.entry("lock").c_str(), &found, 0), 0);
  }
  unlink(store.path("a").c_str());
  EXPECT_EQ(create_without_space(SYS_symlinkat), 0);
  EXPECT_FALSE(std::filesystem::exists(store.root()));
}

// A keeper that can't make its first object is not started again for each creation.
TEST_F(Creating, AKeeperThatCanMakeNothingIsNotStartedEachTime) {
  const auto changes = [&] {
    struct stat found;
    EXPECT_EQ(stat(std::filesystem::path(store.root()).parent_path().c_str(), &found), 0);
    return std::pair(found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
  };
  EXPECT_EQ(in_child([&] {
              if (!refuse(SYS_memfd_create, EPERM)) return no_surroundings;
              for (int round = 0;; ++round) {
                const std::string number = std::to_string(round);
                const long begun = milliseconds_now();
                if (store.create("a" + number, exclusively).file != Why::no_keeper) return 1;
                const auto before = changes();
                usleep(20000);  // longer than the clock of the file system takes for a step
                if (store.create("b" + number, exclusively).file != Why::no_keeper) return 2;
                if (changes() == before) return 0;
                if (milliseconds_now() - begun < until_tried_again) return 3;
              }
            }),
            0);
}

// The keeper has made it earlier.
TEST_F(Creating, TimesAreThoseOfTheCreation) {
  create_first();
  usleep(50000);
  const int file = open((store.dir() + "/file").c_str(), O_RDWR | O_CREAT, 0600);
  const int object = store.create_with("object", "");
  ASSERT_TRUE(is_memory(object));
  struct stat before, found;
  ASSERT_EQ(fstat(file, &before), 0);
  ASSERT_EQ(fstat(object, &found), 0);
  const auto nanoseconds = [](const struct timespec& time) { return time.tv_sec * 1000000000 + time.tv_nsec; };
  EXPECT_GE(nanoseconds(found.st_mtim), nanoseconds(before.st_mtim));
  EXPECT_GE(nanoseconds(found.st_atim), nanoseconds(before.st_mtim));
  EXPECT_GE(nanoseconds(found.st_ctim), nanoseconds(before.st_mtim));
  close(file);
  close(object);
}

TEST_F(Creating, RacingCreatorsOneSucceeds) {
  for (int round = 0; round < 50; ++round) {
    const std::string name = "r" + std::to_string(round);
    std::atomic<int> successes{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&, i] {
        const int fd = store.create_with(name, std::to_string(i));
        if (fd < 0) {
          EXPECT_EQ(fd, -EEXIST);
          return;
        }
        ++successes;
        EXPECT_EQ(store.text_of(name), std::to_string(i));
        close(fd);
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(successes, 1);
  }
}

TEST_F(Creating, WhatIsClaimedIsNobodyElses) {
  stop_keepers_with_a_full_pool();
  const Root root(store.root().c_str(), store.root().size());
  {
    const Lock lock(root, Lock::Kind::shared, 1000);
    Claim claim(lock, root, O_RDWR);
    ASSERT_TRUE(claim.is_open());
    EXPECT_EQ(create_memory(pool_size), static_cast<int>(pool_size) - 1);
    ASSERT_EQ(claim.publish(store.path("mine").c_str()), 0);
    EXPECT_EQ(write(claim.fd(), "mine", 4), 4);
  }
  EXPECT_EQ(store.text_of("mine"), "mine");
  continue_keepers();
}

TEST_F(Creating, AClaimEndsWithItsHolder) {
  stop_keepers_with_a_full_pool();
  const Root root(store.root().c_str(), store.root().size());
  EXPECT_EQ(in_child([&] {
              const Lock lock(root, Lock::Kind::shared, 1000);
              const Claim claim(lock, root, O_RDWR);
              return claim.is_open() ? raise(SIGKILL) : 1;
            }),
            128 + SIGKILL);
  EXPECT_EQ(create_memory(pool_size), static_cast<int>(pool_size));
  continue_keepers();
}

TEST_F(Creating, AnEntryThatIsRemovedMeansAnotherAttempt) {
  create_first();
  const Root root(store.root().c_str(), store.root().size());
  const Lock lock(root, Lock::Kind::shared, 1000);
  Claim claim(lock, root, O_RDWR);
  ASSERT_TRUE(claim.is_open());
  for (const auto& entry : std::filesystem::directory_iterator(pool())) unlink(entry.path().c_str());
  EXPECT_EQ(claim.publish(store.path("a").c_str()), -ESTALE);
  EXPECT_EQ(claim.publish(store.path("missing/a").c_str()), -ESTALE);
}

TEST_F(Creating, NobodySeesAnotherMode) {
  create_first();
  std::atomic<bool> ends{false};
  std::atomic<int> seen{0};
  std::thread looks([&] {
    while (!ends) {
      const Opened opened = store.open("a", O_PATH);
      if (opened.found != Found::opened) continue;
      struct stat found;
      EXPECT_EQ(fstat(opened.fd_or_error, &found), 0);
      EXPECT_EQ(found.st_mode & 07777, 0644u);
      close(opened.fd_or_error);
      ++seen;
    }
  });
  std::thread others([&] {
    for (int i = 0; !ends; ++i) {
      const std::string name = "b" + std::to_string(i);
      close(store.create_with(name, "", 0600));
      unlink(store.path(name).c_str());
    }
  });
  EXPECT_TRUE(comes_true([&] {
    close(store.create_with("a", "", 0644));
    unlink(store.path("a").c_str());
    return seen > 50;
  }));
  ends = true;
  looks.join();
  others.join();
}

// Of file systems, and kernels.
TEST_F(Creating, WithoutRenameThatReplacesNothing) {
  create_first();
  EXPECT_EQ(in_child([&] {
              if (!refuse(SYS_renameat2, EINVAL, 4, 1 /* RENAME_NOREPLACE */)) return no_surroundings;
              const int fd = store.create_with("a", "a");
              const bool excludes = store.create("first", exclusively).fd_or_error == -EEXIST;
              return fd >= 0 && is_memory(fd) && store.text_of("a") == "a" && excludes ? 0 : 1;
            }),
            0);
  EXPECT_EQ(store.text_of("first"), "first");
}

TEST_F(Creating, WhatWasPutAsideIsRemovedOnceNobodyIsAtWorkOnIt) {
  stop_keepers_with_a_full_pool();
  std::vector<std::filesystem::path> aside;
  for (const auto& entry : std::filesystem::directory_iterator(pool())) {
    aside.push_back(pool() / ("." + entry.path().filename().string()));
    std::filesystem::rename(entry.path(), aside.back());
    if (aside.size() == 2) break;
  }
  const Root root(store.root().c_str(), store.root().size());
  devshm::store::ObjectName kept;
  ASSERT_TRUE(devshm::store::parse_entry(aside[0].filename().c_str() + 1, kept));
  const int fd = open_locked(root, devshm::store::entry_of(kept.number), Lock::Kind::exclusive, 0);
  ASSERT_GE(fd, 0);
  continue_keepers();
  struct stat found;
  EXPECT_TRUE(comes_true([&] { return lstat(aside[1].c_str(), &found) != 0; }));  // the keeper looks every five seconds
  EXPECT_EQ(lstat(aside[0].c_str(), &found), 0);
  devshm::store::unlock_and_close(fd);
}

/// What chattr +T sets; -1 if the file system has no such flags.
int is_placed_apart(const std::string& directory, bool set) {
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  unsigned long flags = 0;
  int result = ioctl(fd, FS_IOC_GETFLAGS, &flags);
  flags |= set ? FS_TOPDIR_FL : 0;
  if (result == 0 && set) result = ioctl(fd, FS_IOC_SETFLAGS, &flags);
  close(fd);
  return result == 0 ? (flags & FS_TOPDIR_FL) != 0 : -1;
}

// Ext4 without a journal makes an inode the slower the more were deleted nearby.
TEST_F(Creating, LinksAreMadeWhereLittleWasDeleted) {
  close(store.create_patiently_with("a", "a"));
  mkdir(store.path("other").c_str(), 0700);
  const bool has_flag =
      is_placed_apart(store.path("other"), true) == 1 && is_placed_apart(store.path("other"), false) == 1;
  EXPECT_EQ(is_placed_apart(store.root(), false) == 1, has_flag);
  const auto places = [&] {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(store.root()))
      count += entry.path().filename().string().rfind("new.", 0) == 0;
    return count;
  };
  EXPECT_EQ(places(), 1);
  store.kill_keepers();
  close(store.create_patiently_with("b", "b"));
  EXPECT_EQ(places(), 1) << "the dead keeper's is gone";
}

}  // namespace
