// SPDX-License-Identifier: MIT
//
// Objects by their names: what the store's parts do, with a real keeper, in a directory of their own.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch_store.h"

namespace {

class Store : public ::testing::Test {
 protected:
  ScratchStore store;
};

TEST_F(Store, CreatesMemoryAndOpensIt) {
  const int fd = store.create_patiently_with("a", "one");
  ASSERT_GE(fd, 0) << strerror(-fd);
  EXPECT_TRUE(is_memory(fd));
  EXPECT_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR);
  const Opened opened = store.open("a");
  ASSERT_EQ(opened.found, Found::opened);
  EXPECT_EQ(text_from(opened.fd_or_error), "one");
  EXPECT_EQ(fcntl(opened.fd_or_error, F_GETFL) & O_NONBLOCK, 0);
  close(opened.fd_or_error);
  close(fd);
  EXPECT_EQ(store.text_of("a"), "one") << "it lives without a process that has it open";
}

TEST_F(Store, ModesAreTheObjects) {
  close(store.create_with("a", "one", 0640));
  const Opened opened = store.open("a", O_RDONLY);
  struct stat found;
  ASSERT_EQ(fstat(opened.fd_or_error, &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0640u);
  EXPECT_EQ(found.st_uid, geteuid());
  EXPECT_EQ(found.st_gid, getegid());
  close(opened.fd_or_error);
}

TEST_F(Store, ExclusivelyMeansOnce) {
  close(store.create_with("a", "one"));
  EXPECT_EQ(store.create("a", exclusively).fd_or_error, -EEXIST);
  const Created again = store.create("a", O_RDWR | O_CREAT);
  ASSERT_GE(again.fd_or_error, 0);
  EXPECT_EQ(text_from(again.fd_or_error), "one");
  close(again.fd_or_error);
}

TEST_F(Store, TruncatesOnlyWhatIsAsked) {
  close(store.create_with("a", "one"));
  close(store.create("a", O_RDWR | O_CREAT).fd_or_error);
  EXPECT_EQ(store.text_of("a"), "one");
  close(store.create("a", O_RDWR | O_CREAT | O_TRUNC).fd_or_error);
  EXPECT_EQ(store.text_of("a"), "");
  close(store.create_with("b", "two"));
  close(store.open("b", O_RDONLY | O_TRUNC).fd_or_error);
  EXPECT_EQ(store.text_of("b"), "");
}

TEST_F(Store, NamesAreTheKernels) {
  close(store.create_patiently_with("a", "one"));
  close(store.create_patiently_with("b", "two"));
  ASSERT_EQ(link(store.path("a").c_str(), store.path("c").c_str()), 0);
  ASSERT_EQ(rename(store.path("b").c_str(), store.path("a").c_str()), 0);
  ASSERT_TRUE(store.keeper_has_read_events());
  EXPECT_EQ(store.text_of("a"), "two");
  EXPECT_EQ(store.text_of("b"), "-");
  EXPECT_EQ(store.text_of("c"), "one") << "another hard link of the name that was replaced";
}

TEST_F(Store, WhatLosesItsLastNameIsGivenBack) {
  close(store.create_patiently_with("a", "one"));
  ASSERT_TRUE(store.comes_to_rest_with(1));
  ASSERT_EQ(link(store.path("a").c_str(), store.path("b").c_str()), 0);
  const int fd = store.open("a").fd_or_error;
  unlink(store.path("a").c_str());
  ASSERT_TRUE(store.keeper_has_read_events());
  EXPECT_EQ(store.text_of("b"), "one");
  unlink(store.path("b").c_str());
  EXPECT_TRUE(store.comes_to_rest_with(0));
  EXPECT_EQ(text_from(fd), "one") << "unlinked while it is open";
  close(fd);
  EXPECT_EQ(store.open("a").found, Found::absent);
}

TEST_F(Store, ALinkHasTheMarkOfItsObject) {
  const int fd = store.create_patiently_with("a", "one"), other = store.create_patiently_with("b", "two");
  for (int i = 0; i < 3; ++i) {  // following it does not change it
    struct stat link;
    ASSERT_EQ(lstat(store.path("a").c_str(), &link), 0);
    EXPECT_TRUE(devshm::store::is_marked(fd, link.st_atim));
    EXPECT_FALSE(devshm::store::is_marked(other, link.st_atim));
    EXPECT_EQ(store.text_of("a"), "one");
  }
  close(fd);
  close(other);
}

TEST_F(Store, WithoutAMarkOrWithAFalseOneItsNameIsCompared) {
  close(store.create_patiently_with("a", "one"));
  close(store.create_patiently_with("b", "two"));
  struct stat link;
  ASSERT_EQ(lstat(store.path("b").c_str(), &link), 0);
  const struct timespec token = {0, UTIME_OMIT};
  for (const struct timespec& mark : {timespec{1, 0}, link.st_atim}) {
    const struct timespec times[] = {mark, token};
    ASSERT_EQ(utimensat(AT_FDCWD, store.path("a").c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
    EXPECT_EQ(store.text_of("a"), "one");
  }
}

TEST_F(Store, InSubdirectories) {
  mkdir(store.path("sub").c_str(), 0755);
  close(store.create_with("sub/a", "one"));
  EXPECT_EQ(store.text_of("sub/a"), "one");
  EXPECT_EQ(store.create("missing/a", exclusively).fd_or_error, -ENOENT);
  EXPECT_EQ(store.create("sub", O_RDWR | O_CREAT).fd_or_error, -EISDIR);
  EXPECT_EQ(store.create("sub", O_RDONLY | O_CREAT).fd_or_error, -EISDIR);
}

TEST_F(Store, FilesStayFiles) {
  close(open(store.path("a").c_str(), O_CREAT | O_WRONLY, 0600));
  const Created file = store.create("a", O_RDWR | O_CREAT);
  ASSERT_GE(file.fd_or_error, 0);
  EXPECT_FALSE(is_memory(file.fd_or_error));
  EXPECT_EQ(write(file.fd_or_error, "x", 1), 1);
  close(file.fd_or_error);
  EXPECT_EQ(store.open("a").found, Found::ordinary);
}

TEST_F(Store, ALinkOfTheProgramsIsNone) {
  ASSERT_EQ(symlink("/etc/passwd", store.path("a").c_str()), 0);
  EXPECT_EQ(store.open("a").found, Found::other_link);
  EXPECT_EQ(store.create("a", exclusively).fd_or_error, -EEXIST);
  EXPECT_EQ(store.create("a", O_RDWR | O_CREAT).fd_or_error, devshm::store::is_other_link);
}

TEST_F(Store, AKilledKeeperIsReplacedAndNothingIsLost) {
  close(store.create_patiently_with("a", "one"));
  for (int round = 0; round < 6; ++round) {
    ASSERT_TRUE(comes_true([&] { return store.keepers().size() == 2; })) << round;
    const pid_t victim = store.keepers()[round % 2];
    kill(victim, SIGKILL);
    EXPECT_EQ(store.text_of("a"), "one") << round;
    const std::string name = "b" + std::to_string(round);
    const int fd = store.create_patiently_with(name, name);
    EXPECT_TRUE(is_memory(fd)) << round;
    close(fd);
    EXPECT_EQ(store.text_of(name), name);
    EXPECT_TRUE(comes_true([&] {
      const std::vector<pid_t> living = store.keepers();
      return living.size() == 2 && living[0] != victim && living[1] != victim;
    }));
    for (const std::string& led : {std::string("a"), name})
      EXPECT_TRUE(comes_true([&] { return access(store.path(led).c_str(), F_OK) == 0; })) << "by the link itself";
  }
}

TEST_F(Store, ADirectoryThatCanNotBeSearchedForAMomentIsNotGone) {
  for (const char* name : {"a", "b", "c"}) close(store.create_patiently_with(name, name));
  ASSERT_TRUE(store.comes_to_rest_with(3));  // below it can fill its pool no more
  const int dir = open(store.dir().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  const std::string above = std::filesystem::path(store.root()).parent_path();
  ASSERT_EQ(chmod(above.c_str(), 0), 0);
  for (const char* name : {"b", "c"}) {  // with each the keeper has to look, and it has no capabilities
    const int before = store.held_objects();
    EXPECT_EQ(unlinkat(dir, name, 0), 0);
    EXPECT_TRUE(comes_true([&] { return store.held_objects() < before; })) << name;
  }
  ASSERT_EQ(chmod(above.c_str(), 0700), 0);
  EXPECT_EQ(store.text_of("a"), "a");
  close(dir);
}

TEST_F(Store, WithBothKilledNamesAreGoneAndMappingsStay) {
  const int fd = store.create_patiently_with("a", "one");
  ASSERT_EQ(ftruncate(fd, 4096), 0);
  const char* const mapped = static_cast<const char*>(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0));
  close(store.create_patiently_with("b", "two"));
  store.kill_keepers();
  EXPECT_STREQ(mapped, "one");
  EXPECT_EQ(store.open("a").found, Found::stale);
  EXPECT_EQ(store.open("a").fd_or_error, -ENOENT);
  const int again = store.create_patiently_with("a", "three");
  ASSERT_GE(again, 0) << strerror(-again);
  EXPECT_TRUE(is_memory(again));
  EXPECT_EQ(store.text_of("a"), "three");
  EXPECT_EQ(store.generations(), 1) << "the dead keeper's links";
  EXPECT_NE(access(store.path("b").c_str(), F_OK), 0);
  struct stat found;
  EXPECT_NE(lstat(store.path("b").c_str(), &found), 0) << "the next user cleans up";
  close(again);
  close(fd);
}

TEST_F(Store, TheProgramNeedsNoPermissionToBeExecuted) {
  const std::string copy = store.path("library.so");
  std::filesystem::copy_file(keeper_program(), copy);
  ASSERT_EQ(chmod(copy.c_str(), 0644), 0);
  store.use_program(copy);
  const Created made = store.create_patiently("a");
  EXPECT_EQ(made.file, Why::is_memory);
  close(made.fd_or_error);
  EXPECT_TRUE(comes_true([&] { return store.keepers().size() == 2; }));
}

TEST_F(Store, WithoutAProgramItIsAFile) {
  store.use_program("/nonexistent");
  // In a process of its own: that no keeper can be started is remembered for some seconds.
  EXPECT_EXIT(
      {
        const Created file = store.create("a", exclusively);
        const bool is_file = file.fd_or_error >= 0 && !is_memory(file.fd_or_error) && file.file == Why::no_keeper;
        const bool has_name = store.create("a", exclusively).fd_or_error == -EEXIST;
        _exit(is_file && has_name ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(Store, AStoppedKeeperStopsNobody) {
  close(store.create_patiently_with("a", "one"));
  ASSERT_TRUE(comes_true([&] { return store.keepers().size() == 2; }));
  const std::vector<pid_t> stopped = store.keepers();
  for (const pid_t process : stopped) kill(process, SIGSTOP);
  EXPECT_EQ(store.text_of("a"), "one");
  int memory = 0;
  for (unsigned i = 0; i < devshm::store::pool_size + 1; ++i) {
    const std::string name = "b" + std::to_string(i);
    const int fd = store.create_with(name, name);
    EXPECT_GE(fd, 0) << i << " " << strerror(-fd);
    memory += is_memory(fd);
    close(fd);
    EXPECT_EQ(store.text_of(name), name);
  }
  EXPECT_LE(memory, static_cast<int>(devshm::store::pool_size));
  for (const pid_t process : stopped) kill(process, SIGCONT);
  EXPECT_TRUE(comes_true([&] {
    unlink(store.path("c").c_str());
    const int fd = store.create_with("c", "three");
    const bool is = is_memory(fd);
    close(fd);
    return is;
  }));
}

TEST(StoreEnd, AnIdleKeeperEndsAndLeavesNothing) {
  const ScratchStore store("1");
  close(store.create_patiently_with("a", "one"));
  EXPECT_EQ(access(store.root().c_str(), F_OK), 0);
  unlink(store.path("a").c_str());
  EXPECT_TRUE(comes_true([&] { return access(store.root().c_str(), F_OK) != 0 && store.keepers().empty(); }));
  close(store.create_with("a", "two"));
  EXPECT_EQ(store.text_of("a"), "two");
}

TEST(StoreEnd, AKeeperWhoseDirectoryIsGoneEnds) {
  const ScratchStore store;
  close(store.create_patiently_with("a", "one"));
  ASSERT_TRUE(store.comes_to_rest_with(1));  // while it still fills its pool, rm finds the directory full again
  EXPECT_EQ(system(("rm -rf " + store.root()).c_str()), 0);
  EXPECT_TRUE(comes_true([&] { return store.keepers().empty(); }));
  const int fd = store.create_patiently_with("a", "two");
  EXPECT_TRUE(is_memory(fd));
  close(fd);
  EXPECT_EQ(store.text_of("a"), "two");
}

}  // namespace
