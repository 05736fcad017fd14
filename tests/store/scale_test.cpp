// SPDX-License-Identifier: MIT
//
// Many processes, many objects, and what befalls all of them at once: a freeze, an emptied directory, a restart of
// everything but /tmp.
//
//   SCALE_PROCESSES=1000 SCALE_OBJECTS=10000     more of them than in the run
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <atomic>
#include <fstream>

#include "steps.h"

using devshm::store::pool_size;

namespace {

constexpr int pool = static_cast<int>(pool_size);

int bound(const char* name, int in_the_run) {
  const char* const value = getenv(name);
  return value ? atoi(value) : in_the_run;
}

/// Says where the time goes, where it is long.
void progress(const char* what, int done, int of) {
  if (of > 1000 && done % 1000 == 0) fprintf(stderr, "%s: %d of %d\n", what, done, of);
}

/// What the keeper and its directory have.
struct Level {
  long descriptors, entries, written_kilobytes;
};

long entries_of(const std::string& directory) {
  long count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::recursive_directory_iterator(directory)) ++count;
  return count;
}

Level level_of(const ScratchStore& store) {
  const std::string process = "/proc/" + std::to_string(store.keepers().front());
  // By pages: the kernel's own counts are not exact, and what is read of the program comes and goes.
  std::ifstream pages(process + "/smaps_rollup");
  long written = 0;
  for (std::string word, kilobytes; pages >> word;)
    if ((word == "Private_Dirty:" || word == "Shared_Dirty:") && pages >> kilobytes) written += std::stol(kilobytes);
  return {entries_of(process + "/fd"), entries_of(store.root()) + entries_of(store.dir()), written};
}

std::string table_of_descriptors(const ScratchStore& store) {
  std::ifstream status("/proc/" + std::to_string(store.keepers().front()) + "/status");
  for (std::string line; getline(status, line);)
    if (line.rfind("FDSize:", 0) == 0) return line;
  return "";
}

// Each time the table of descriptors grows, the kernel keeps the keeper waiting.
TEST(Scale, ManyObjectsFitIntoTheTableOfDescriptors) {
  const ScratchStore store;
  close(store.create_patiently_with("first", "first"));
  const std::string at_first = table_of_descriptors(store);
  EXPECT_NE(at_first, "");
  for (int i = 0; i < 300; ++i) close(store.create_with(std::to_string(i), ""));
  EXPECT_EQ(table_of_descriptors(store), at_first);
}

TEST(Scale, WhatManyObjectsTakeIsGivenBack) {
  const ScratchStore store;
  close(store.create_patiently_with("first", "first"));
  ASSERT_TRUE(store.comes_to_rest_with(1));
  const Level before = level_of(store);
  const int objects = bound("SCALE_OBJECTS", 400);
  for (int i = 0; i < objects; ++i) {
    const std::string name = "n" + std::to_string(i);
    ASSERT_TRUE(creates_memory(store, name));
    progress("created", i, objects);
  }
  EXPECT_TRUE(store.comes_to_rest_with(objects + 1));
  for (int i = 0; i < objects; ++i) {
    const std::string name = "n" + std::to_string(i);
    ASSERT_EQ(store.text_of(name), name);
    ASSERT_EQ(unlink(store.path(name).c_str()), 0);
  }
  EXPECT_TRUE(store.comes_to_rest_with(1));
  // The last connection may still be open.
  EXPECT_TRUE(comes_true([&] { return level_of(store).descriptors == before.descriptors; }));
  const Level after = level_of(store);
  EXPECT_EQ(after.descriptors, before.descriptors);
  EXPECT_EQ(after.entries, before.entries);
  EXPECT_GT(before.written_kilobytes, 0);
  // Its record of numbers is memory that it has touched.
  EXPECT_LE(after.written_kilobytes, before.written_kilobytes + 64 + objects / 16);
  EXPECT_EQ(store.text_of("first"), "first");
}

/// Processes that each do `step(i)` in order, twice, the second time when all have finished the first.
int in_many(int processes, const std::function<bool(int, int)>& step) {
  int gate[2], arrived[2];
  if (pipe(gate) || pipe(arrived)) return -1;
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      close(gate[1]);
      close(arrived[0]);
      bool good = step(i, 0);
      good = write(arrived[1], "x", 1) == 1 && good;
      char byte;
      good = read(gate[0], &byte, 1) == 0 && good;  // until the gate is closed
      _exit(good && step(i, 1) ? 0 : 1);
    }
    children.push_back(child);
  }
  char byte;
  for (int i = 0; i < processes; ++i) {
    if (read(arrived[0], &byte, 1) != 1) break;
    progress("arrived", i, processes + 1);
  }
  for (const int fd : {gate[0], gate[1], arrived[0], arrived[1]}) close(fd);
  int failed = 0;
  for (const pid_t child : children) failed += !has_ended(child, 0);
  return failed;
}

TEST(Scale, ManyProcessesFindEachOthersObjects) {
  const ScratchStore store;
  const int processes = bound("SCALE_PROCESSES", 100);
  std::atomic<int>& memory = *static_cast<std::atomic<int>*>(
      mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  EXPECT_EQ(in_many(processes,
                    [&](int i, int round) {
                      const std::string mine = "p" + std::to_string(i);
                      const std::string others = "p" + std::to_string((i * 7 + 1) % processes);
                      if (round) return store.text_of(others) == others;
                      const auto made = store.create(mine, exclusively);
                      memory += made.file == Why::is_memory;
                      return write(made.fd_or_error, mine.data(), mine.size()) == static_cast<ssize_t>(mine.size());
                    }),
            0);
  EXPECT_TRUE(comes_true([&] { return store.keepers().size() == 2; })) << "one that could not begin has not ended";
  // On a machine that is busy some get no answer in time, and a file.
  printf("%d of %d objects are memory\n", memory.load(), processes);
  EXPECT_GE(memory, processes / 4);
  EXPECT_TRUE(store.comes_to_rest_with(memory));
}

TEST(Scale, AFreezeIsNotNoticed) {
  const ScratchStore store;
  int done[2], begun[2];
  ASSERT_EQ(pipe(done), 0);
  ASSERT_EQ(pipe(begun), 0);
  std::vector<pid_t> everything;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      close(done[1]);
      fcntl(done[0], F_SETFL, O_NONBLOCK);
      char byte;
      int number = 0;
      while (read(done[0], &byte, 1) != 0) {
        const std::string name = "w" + std::to_string(i) + "." + std::to_string(number++);
        if (!creates_memory(store, name) || unlink(store.path(name).c_str())) _exit(1);
        if (number == 1 && write(begun[1], "x", 1) != 1) _exit(3);
      }
      _exit(number ? 0 : 2);
    }
    everything.push_back(child);
  }
  close(begun[1]);
  for (int i = 0; i < 4; ++i) {
    char byte;
    ASSERT_EQ(read(begun[0], &byte, 1), 1);
  }
  close(begun[0]);
  ASSERT_TRUE(comes_true([&] { return store.keepers().size() == 2; }));
  const std::vector<pid_t> workers = everything;
  for (const pid_t keeper : store.keepers()) everything.push_back(keeper);
  for (int round = 0; round < 5; ++round) {
    for (const pid_t process : everything) kill(process, SIGSTOP);
    pause_briefly();
    for (const pid_t process : everything) kill(process, SIGCONT);
    pause_briefly();
  }
  close(done[1]);
  for (const pid_t worker : workers) EXPECT_TRUE(has_ended(worker, 0));
  EXPECT_TRUE(store.comes_to_rest_with(0));
}

TEST(Scale, AnEmptiedDirectoryHoldsNothing) {
  const ScratchStore store;
  for (int i = 0; i < 2 * pool; ++i) ASSERT_TRUE(creates_memory(store, std::to_string(i)));
  ASSERT_EQ(system(("rm -rf " + store.dir() + "/*").c_str()), 0);
  EXPECT_TRUE(store.comes_to_rest_with(0));
  EXPECT_TRUE(creates_memory(store, "again"));
}

TEST(Scale, ATmpThatIsEmptiedLeavesWhatIsOpen) {
  const ScratchStore store;
  const int fd = store.create_patiently_with("a", "a");
  ASSERT_TRUE(store.comes_to_rest_with(1));
  // The keeper may be filling its pool: as a user would, rm again.
  const std::string above = store.dir().substr(0, store.dir().rfind('/'));
  EXPECT_TRUE(comes_true([&] {
    return system(("rm -rf " + above + "/* " + above + "/.[!.]* 2>/dev/null").c_str()) == 0 &&
           std::filesystem::is_empty(above);
  }));
  EXPECT_TRUE(comes_true([&] { return store.keepers().empty(); })) << "nobody can find it any more";
  EXPECT_EQ(text_from(fd), "a");
  close(fd);
  ASSERT_EQ(mkdir(store.dir().c_str(), 01777), 0);
  EXPECT_TRUE(creates_memory(store, "a"));
}

/// A process with a certain id, which is free. It holds the descriptor `number`, and waits to be killed.
pid_t process_with_id(pid_t id, int fd, int number) {
  struct clone_args arguments = {};
  pid_t wanted[] = {id};
  arguments.exit_signal = SIGCHLD;
  arguments.set_tid = reinterpret_cast<std::uint64_t>(wanted);
  arguments.set_tid_size = 1;
  const long child = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child != 0) return static_cast<pid_t>(child);
  dup2(fd, number);
  for (;;) pause();
}

/// After a restart of everything but /tmp: the names are there, their keeper is not, and its process id is another's.
int restart(const ScratchStore& store, int fd_of_stranger) {
  EXPECTING(creates_memory(store, "a"));
  const std::string text = std::filesystem::read_symlink(store.path("a"));
  const int number = std::stoi(text.substr(text.rfind('/') + 1));
  const std::string generation = std::filesystem::read_symlink(text.substr(0, text.rfind('/')));
  const pid_t keeper = std::stoi(generation.substr(strlen("/proc/")));
  store.kill_keepers();
  while (waitpid(-1, nullptr, 0) > 0) {  // process 1 has adopted them
  }
  EXPECTING(process_with_id(keeper, fd_of_stranger, number) == keeper);
  EXPECTING(
      comes_true([&] { return access(text.c_str(), F_OK) == 0; }));  // the name leads to the stranger's descriptor
  EXPECTING(store.open("a").found == Found::stale);
  EXPECTING(store.open("a", O_RDWR | O_TRUNC).found == Found::stale);
  EXPECTING(text_from(fd_of_stranger) == "stranger");
  EXPECTING(creates_memory(store, "b"));
  EXPECTING(creates_memory(store, "a"));
  EXPECTING(text_from(fd_of_stranger) == "stranger");
  return 0;
}

TEST(Scale, ARestartOfAllButTmpConfusesNobody) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, for a pid namespace";
  const int file = open("/var/tmp", O_TMPFILE | O_RDWR, 0600);
  const int memory = memfd_create("devshm:0123456789abcdef/32", 0);
  for (const int fd : {file, memory}) {
    ASSERT_EQ(write(fd, "stranger", 8), 8);
    const ScratchStore store;
    EXPECT_EQ(as_process_one("", [&] { return restart(store, fd); }), 0);
    close(fd);
  }
}

}  // namespace
