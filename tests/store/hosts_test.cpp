// SPDX-License-Identifier: MIT
//
// Programs that start a keeper, and what they run in: what they must not notice, and where objects are still theirs.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch_store.h"
#include "surroundings.h"

using devshm::store::Created;
using devshm::store::Found;
using devshm::store::Place;
using devshm::store::Why;

namespace {

constexpr int exclusively = O_RDWR | O_CREAT | O_EXCL;
constexpr uid_t user = 4101, other = 4102;

/// Steps that must all be true. Names the first that is not, in whatever process that is.
#define EXPECTING(condition)                                                               \
  do {                                                                                     \
    if (!(condition)) {                                                                    \
      dprintf(2, "%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno); \
      return 1;                                                                            \
    }                                                                                      \
  } while (false)

bool creates_memory(const ScratchStore& store, const std::string& name, mode_t mode = 0600) {
  const Created made = store.create(name, exclusively, mode);
  if (made.fd_or_error < 0 || made.file != Why::is_memory) {
    dprintf(2, "creating %s: %d, why a file: %d\n", name.c_str(), made.fd_or_error, static_cast<int>(made.file));
    return false;
  }
  const bool written = write(made.fd_or_error, name.data(), name.size()) == static_cast<ssize_t>(name.size());
  close(made.fd_or_error);
  return written && store.text_of(name) == name;
}

bool creates_a_file(const ScratchStore& store, const std::string& name) {
  const Created made = store.create(name, exclusively);
  close(made.fd_or_error);
  return made.fd_or_error >= 0 && made.file != Why::is_memory;
}

bool has_ended(pid_t child, int expected) {
  int status;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == expected;
}

pid_t child_that_returns(int status) {
  const pid_t child = fork();
  if (child == 0) _exit(status);
  return child;
}

class Hosts : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, for namespaces and other users";
  }
  void TearDown() override {
    for (const uid_t id : {user, other, uid_t{0}}) ScratchStore::kill_keepers_of(root_of(id));
  }
  std::string root_of(uid_t id) const {
    const std::string number = std::to_string(id);
    return store.dir().substr(0, store.dir().rfind('/')) + "/.shm.memory." + number + "." + number;
  }
  ScratchStore store;
};

// The keeper is an orphan, and orphans are for process 1: it has one more of them. (docs/limits.md)
TEST_F(Hosts, ProcessOneWaitsForItsOwnChildren) {
  EXPECT_EQ(as_process_one("",
                           [&] {
                             EXPECTING(getpid() == 1);
                             EXPECTING(creates_memory(store, "a"));
                             EXPECTING(has_ended(child_that_returns(7), 7));
                             for (const pid_t keeper : store.keepers()) kill(keeper, SIGKILL);
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
    EXPECT_EQ(as_user(user,
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
    ScratchStore::kill_keepers_of(root_of(user));
  }
  EXPECT_EQ(as_user(user, [&] { return creates_memory(store, "later") ? 0 : 1; }), 0);
}

TEST_F(Hosts, AUserNamespaceSeesWhatItsUserHas) {
  for (const uid_t inside : {user, uid_t{0}}) {
    const std::string in = "in" + std::to_string(inside), out = "out" + std::to_string(inside);
    EXPECT_EQ(as_user(user,
                      [&] {
                        EXPECTING(creates_memory(store, out));
                        const int result = in_user_namespace(inside, [&] {
                          EXPECTING(store.text_of(out) == out);
                          EXPECTING(store.create(out, exclusively).fd_or_error == -EEXIST);
                          EXPECTING(creates_memory(store, in));
                          return 0;
                        });
                        EXPECTING(result == 0);
                        EXPECTING(store.text_of(in) == in);
                        EXPECTING(store.text_of(out) == out);
                        return 0;
                      }),
              0)
        << inside;
  }
}

TEST_F(Hosts, APidNamespaceUsesTheKeeperOutside) {
  ASSERT_TRUE(creates_memory(store, "out"));
  for (const char* options : {"", static_cast<const char*>(nullptr)}) {
    EXPECT_EQ(as_process_one(options,
                             [&] {
                               EXPECTING(store.text_of("out") == "out");
                               EXPECTING(store.create("out", exclusively).fd_or_error == -EEXIST);
                               const int again = store.create("out", O_RDWR | O_CREAT).fd_or_error;
                               EXPECTING(again >= 0 && text_from(again) == "out");
                               EXPECTING(creates_memory(store, "in"));
                               return 0;
                             }),
              0);
    EXPECT_EQ(store.text_of("in"), "in");
    EXPECT_EQ(store.text_of("out"), "out");
    unlink(store.path("in").c_str());
  }
  EXPECT_EQ(store.keepers().size(), 2u);
}

TEST_F(Hosts, AKeeperInAPidNamespaceServesThoseOutside) {
  for (const char* options : {"", static_cast<const char*>(nullptr)}) {
    int ready[2], done[2];
    ASSERT_EQ(pipe(ready), 0);
    ASSERT_EQ(pipe(done), 0);
    const pid_t inside = fork();
    if (inside == 0) {
      close(done[1]);
      _exit(as_process_one(options, [&] {
        EXPECTING(creates_memory(store, "in"));
        EXPECTING(write(ready[1], "x", 1) == 1);
        char byte;
        EXPECTING(read(done[0], &byte, 1) == 0);
        return 0;
      }));
    }
    close(ready[1]);
    char byte;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    EXPECT_EQ(store.text_of("in"), "in");
    EXPECT_TRUE(creates_memory(store, "out"));
    close(done[1]);
    EXPECT_TRUE(has_ended(inside, 0));
    // With its namespace the keeper is gone.
    EXPECT_EQ(store.text_of("in"), "-");
    EXPECT_TRUE(creates_memory(store, "in"));
    for (const int fd : {ready[0], done[0]}) close(fd);
    for (const char* name : {"in", "out"}) unlink(store.path(name).c_str());
    store.kill_keepers();
  }
}

TEST_F(Hosts, HiddenProcessesServeTheirOwnUserAndOthers) {
  EXPECT_EQ(as_process_one("hidepid=2",
                           [&] {
                             EXPECTING(as_user(user, [&] { return creates_memory(store, "a", 0644) ? 0 : 1; }) == 0);
                             EXPECTING(as_user(user, [&] { return store.text_of("a") == "a" ? 0 : 1; }) == 0);
                             EXPECTING(as_user(other, [&] {
                                         EXPECTING(access("/proc/1", F_OK) != 0);  // it is in effect
                                         EXPECTING(store.text_of("a") == "a");
                                         EXPECTING(store.open("a", O_RDWR).fd_or_error == -EACCES);
                                         EXPECTING(creates_memory(store, "b"));
                                         return 0;
                                       }) == 0);
                             return 0;
                           }),
            0);
}

TEST_F(Hosts, WithoutProcItIsAFile) {
  ASSERT_TRUE(creates_memory(store, "a"));
  EXPECT_EQ(as_process_one(nullptr,
                           [&] {
                             EXPECTING(mount("/var", "/proc", nullptr, MS_BIND, nullptr) == 0);
                             EXPECTING(creates_a_file(store, "b"));
                             EXPECTING(store.open("a").found == Found::failed);
                             EXPECTING(store.create("a", exclusively).fd_or_error == -EEXIST);
                             return 0;
                           }),
            0);
  EXPECT_EQ(store.text_of("a"), "a") << "nobody has taken it for stale";
}

// fs.protected_symlinks: the store opens what the link says, and does not go through the link. Were that refused as
// well, as by this filter, the keeper's socket is left.
TEST_F(Hosts, WhereLinksAreRefusedTheSocketServes) {
  ASSERT_TRUE(creates_memory(store, "a"));
  EXPECT_EQ(in_child([&] {
              EXPECTING(refuse(SYS_openat, EACCES, 2, O_NOCTTY | O_NONBLOCK));
              EXPECTING(store.text_of("a") == "a");
              EXPECTING(creates_memory(store, "b"));
              return 0;
            }),
            0);
  EXPECT_EQ(store.text_of("b"), "b");
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
