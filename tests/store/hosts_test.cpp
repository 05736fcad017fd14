// SPDX-License-Identifier: MIT
//
// Programs that start a keeper, and what they run in: what they must not notice, and where objects are still theirs.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <utility>

#include "steps.h"

using devshm::store::Place;

namespace {

using Hosts = StoreOfUsers;

TEST_F(Hosts, AnOrdinaryProgramNoticesNothing) {
  struct sigaction action = {};
  static std::atomic<int> signals{0};
  action.sa_handler = [](int) { ++signals; };
  sigaction(SIGCHLD, &action, nullptr);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int before = dup(0);
  close(before);
  close(store.create_patiently_with("a", "one"));
  const int after = dup(0);
  close(after);
  EXPECT_EQ(before, after) << "descriptors";
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG | __WALL), -1);
  close(ends[1]);
  char byte;
  EXPECT_EQ(read(ends[0], &byte, 1), 0) << "somebody else has the pipe";
  close(ends[0]);
  ASSERT_EQ(store.keepers().size(), 2u);
  kill(store.keepers().front(), SIGKILL);
  ASSERT_TRUE(comes_true([&] { return store.keepers().size() == 2; }));
  EXPECT_EQ(signals, 0);
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, nullptr, &blocked);
  for (int signal = 1; signal < 32; ++signal) EXPECT_EQ(sigismember(&blocked, signal), 0) << signal;
  sigaction(SIGCHLD, nullptr, &action);
  signal(SIGCHLD, SIG_DFL);
}

TEST_F(Hosts, OneThatIgnoresItsChildrenStillHasNone) {
  for (const int flags : {0, SA_NOCLDWAIT})
    EXPECT_EQ(in_child([&] {
                struct sigaction action = {};
                action.sa_handler = flags ? SIG_DFL : SIG_IGN;
                action.sa_flags = flags;
                EXPECTING(sigaction(SIGCHLD, &action, nullptr) == 0);
                EXPECTING(creates_memory(store, "ignoring" + std::to_string(flags)));
                EXPECTING(waitpid(-1, nullptr, WNOHANG | __WALL) == -1 && errno == ECHILD);
                return 0;
              }),
              0)
        << flags;
}

// A terminal is hung up when the last descriptor of it is closed, and a session ends with its leader.
TEST_F(Hosts, TheirTerminalIsTheirs) {
  int terminal;
  const pid_t host = forkpty(&terminal, nullptr, nullptr, nullptr);
  ASSERT_GE(host, 0);
  if (host == 0) _exit(creates_memory(store, "a") && tcgetsid(0) == getpid() ? 0 : 1);
  char text[256];
  ssize_t size;
  while ((size = read(terminal, text, sizeof text)) > 0)
    EXPECT_EQ(std::string(text, static_cast<std::size_t>(size)), "");
  EXPECT_EQ(errno, EIO);
  EXPECT_TRUE(has_ended(host, 0));
  close(terminal);
  EXPECT_EQ(store.text_of("a"), "a");
}

// The keeper inherits them. What does not suffice for it gives a file.
TEST_F(Hosts, WithOtherLimitsAnObjectIsStillOne) {
  const std::pair<int, rlim_t> limits[] = {{RLIMIT_FSIZE, 64},        {RLIMIT_AS, 64 << 20}, {RLIMIT_DATA, 1 << 20},
                                           {RLIMIT_STACK, 128 << 10}, {RLIMIT_MEMLOCK, 0},   {RLIMIT_CORE, 0},
                                           {RLIMIT_SIGPENDING, 0},    {RLIMIT_MSGQUEUE, 0},  {RLIMIT_CPU, 10}};
  for (const auto& [resource, most] : limits) {
    const std::string name = "n" + std::to_string(resource);
    EXPECT_EQ(as_user(first_user,
                      [&, resource = resource, most = most] {
                        const struct rlimit few = {most, most};
                        EXPECTING(setrlimit(static_cast<__rlimit_resource>(resource), &few) == 0);
                        const Created made = store.create(name, exclusively);
                        EXPECTING(made.fd_or_error >= 0 && write(made.fd_or_error, "x", 1) == 1);
                        EXPECTING(store.text_of(name) == "x");
                        return 0;
                      }),
              0)
        << resource;
    EXPECT_EQ(as_user(first_user, [&] { return store.text_of(name) == "x" ? 0 : 1; }), 0) << resource;
    ScratchStore::kill_keepers_of(root_of(first_user));
  }
}

// In a chroot that somebody has made by hand.
TEST_F(Hosts, WithoutDevicesItIsMemory) {
  EXPECT_EQ(as_process_one("",
                           [&] {
                             EXPECTING(mount(store.dir().c_str(), "/dev", nullptr, MS_BIND, nullptr) == 0);
                             EXPECTING(access("/dev/null", F_OK) != 0);
                             EXPECTING(creates_memory(store, "a"));
                             return 0;
                           }),
            0);
}

// The keeper is an orphan, and orphans are for process 1: it has one more of them. (docs/limits.md)
TEST_F(Hosts, ProcessOneWaitsForItsOwnChildren) {
  EXPECT_EQ(as_process_one("",
                           [&] {
                             EXPECTING(getpid() == 1);
                             EXPECTING(creates_memory(store, "a"));
                             EXPECTING(has_ended(child_that_returns(7), 7));
                             store.kill_keepers();
                             while (waitpid(-1, nullptr, 0) > 0) {  // an init's loop; it ends when all orphans have
                             }
                             EXPECTING(errno == ECHILD);
                             EXPECTING(creates_memory(store, "b"));
                             return 0;
                           }),
            0);
}

TEST_F(Hosts, ASubreaperWaitsForItsOwnChildren) {
  EXPECT_EQ(in_child([&] {
              EXPECTING(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
              EXPECTING(creates_memory(store, "a"));
              EXPECTING(has_ended(child_that_returns(7), 7));
              EXPECTING(waitpid(-1, nullptr, WNOHANG) == 0);  // the keeper
              return 0;
            }),
            0);
  EXPECT_EQ(store.text_of("a"), "a") << "its end is not the keeper's";
}

TEST_F(Hosts, AShellThatWaitsForAllItsChildrenGoesOn) {
  char self[4096];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  ASSERT_GT(length, 0);
  self[length] = '\0';
  const std::string program = std::string(self) + " --create " + store.dir() + " ";
  const std::string script = program + "a & " + program + "b & sleep 0 & wait; " + program + "c && jobs -p";
  EXPECT_EQ(in_child([&] {
              execl("/bin/bash", "bash", "-c", script.c_str(), nullptr);
              return 99;
            }),
            0);
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(store.text_of(name), name);
}

TEST_F(Hosts, DescriptorsAreNobodysButTheProgram) {
  EXPECT_EQ(in_child([&] {
              // None is open, not even 0 to 2, when the keeper starts; afterwards all are closed again.
              close_range(0, ~0u, 0);
              if (!creates_memory(store, "a")) return 1;
              if (open("/", O_PATH) != 0) return 2;
              close_range(0, ~0u, 0);
              return creates_memory(store, "b") && store.text_of("a") == "a" ? 0 : 3;
            }),
            0);
  EXPECT_EQ(store.text_of("b"), "b");
}

TEST_F(Hosts, WithTheLastDescriptorItIsAFile) {
  EXPECT_EQ(in_child([&] {
              const int lowest = dup(2);
              close(lowest);
              for (int more = 0; more < 4; ++more) {
                const struct rlimit few = {static_cast<rlim_t>(lowest + more), 20000};
                EXPECTING(setrlimit(RLIMIT_NOFILE, &few) == 0);
                const std::string name = "n" + std::to_string(more);
                const Created made = store.create(name, exclusively);
                EXPECTING(more ? made.fd_or_error >= 0 : made.fd_or_error == -EMFILE);
                close(made.fd_or_error);
              }
              return 0;
            }),
            0);
}

TEST_F(Hosts, AtItsLimitOfProcessesItIsAFile) {
  for (rlim_t most = 0; most < 5; ++most) {
    const std::string name = "n" + std::to_string(most);
    EXPECT_EQ(as_user(first_user,
                      [&] {
                        const struct rlimit before = {100, 100};
                        EXPECTING(setrlimit(RLIMIT_NPROC, &before) == 0);
                        const struct rlimit few = {most, 100};
                        EXPECTING(setrlimit(RLIMIT_NPROC, &few) == 0);
                        const Created made = store.create(name, exclusively);
                        EXPECTING(made.fd_or_error >= 0);
                        EXPECTING(most > 1 || made.file == Why::no_keeper);
                        EXPECTING(write(made.fd_or_error, "x", 1) == 1);
                        EXPECTING(store.text_of(name) == "x");
                        return 0;
                      }),
              0)
        << most;
    ScratchStore::kill_keepers_of(root_of(first_user));
  }
  EXPECT_EQ(as_user(first_user, [&] { return creates_memory(store, "later") ? 0 : 1; }), 0);
}

int create_as_program(const char* dir, const char* name) {
  const Place place = {dir, keeper_program(), "600"};
  const Created made = devshm::store::create_object(place, (std::string(dir) + "/" + name).c_str(), exclusively, 0600);
  const bool good = made.fd_or_error >= 0 && made.file == Why::is_memory &&
                    write(made.fd_or_error, name, strlen(name)) == static_cast<ssize_t>(strlen(name));
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && strcmp(argv[1], "--create") == 0) return create_as_program(argv[2], argv[3]);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
