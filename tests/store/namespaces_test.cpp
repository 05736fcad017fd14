// SPDX-License-Identifier: MIT
//
// Where the link to a keeper's descriptors can't be followed: namespaces, hidden processes, no /proc, protected links.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "steps.h"

namespace {

using Namespaces = StoreOfUsers;

TEST_F(Namespaces, AUserNamespaceSeesWhatItsUserHas) {
  for (const uid_t inside : {first_user, uid_t{0}}) {
    const std::string in = "in" + std::to_string(inside), out = "out" + std::to_string(inside);
    EXPECT_EQ(as_user(first_user,
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

TEST_F(Namespaces, APidNamespaceUsesTheKeeperOutside) {
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

TEST_F(Namespaces, AKeeperInAPidNamespaceServesThoseOutside) {
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

TEST_F(Namespaces, HiddenProcessesServeTheirOwnUserAndOthers) {
  EXPECT_EQ(
      as_process_one("hidepid=2",
                     [&] {
                       EXPECTING(as_user(first_user, [&] { return creates_memory(store, "a", 0644) ? 0 : 1; }) == 0);
                       EXPECTING(as_user(first_user, [&] { return store.text_of("a") == "a" ? 0 : 1; }) == 0);
                       EXPECTING(as_user(second_user, [&] {
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

TEST_F(Namespaces, WithoutProcItIsAFile) {
  ASSERT_TRUE(creates_memory(store, "a"));
  EXPECT_EQ(as_process_one(nullptr,
                           [&] {
                             EXPECTING(mount("/var", "/proc", nullptr, MS_BIND, nullptr) == 0);
                             EXPECTING(creates_a_file(store, "b"));
                             EXPECTING(store.open("a").fd_or_error == -EACCES);  // it is there
                             EXPECTING(store.create("a", exclusively).fd_or_error == -EEXIST);
                             return 0;
                           }),
            0);
  EXPECT_EQ(store.text_of("a"), "a") << "nobody has taken it for stale";
}

/// In a mount namespace that has the backing directory from outside, but another directory above it.
int with_another_root(const ScratchStore& store, const std::function<int()>& function) {
  return in_child([&] {
    const std::string above = store.dir().substr(0, store.dir().rfind('/'));
    EXPECTING(unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    const int shared = open(store.dir().c_str(), O_PATH | O_CLOEXEC);
    EXPECTING(mount("other", above.c_str(), "tmpfs", 0, "mode=1777") == 0 && mkdir(store.dir().c_str(), 0755) == 0);
    const std::string outside = "/proc/self/fd/" + std::to_string(shared);
    EXPECTING(mount(outside.c_str(), store.dir().c_str(), nullptr, MS_BIND, nullptr) == 0);
    return function();
  });
}

// As in a container that is given /tmp/shm, but not /tmp. What it finds there is not its own store's.
TEST_F(Namespaces, WhoHasOnlyTheBackingDirectoryRemovesNoNames) {
  ASSERT_TRUE(creates_memory(store, "out"));
  ASSERT_EQ(mkdir(store.path("below").c_str(), 0755), 0);
  ASSERT_TRUE(creates_memory(store, "below/out"));
  EXPECT_EQ(with_another_root(store,
                              [&] {
                                EXPECTING(creates_a_file(store, "in"));  // its keeper has looked at all names
                                EXPECTING(store.create("out", exclusively).fd_or_error == -EEXIST);
                                EXPECTING(store.create("out", O_RDWR | O_CREAT).fd_or_error == -EACCES);
                                return 0;
                              }),
            0);
  EXPECT_EQ(store.text_of("out"), "out");
  EXPECT_EQ(store.text_of("below/out"), "below/out");
}

// fs.protected_symlinks: the store opens what the link says, and does not go through the link. Were that refused as
// well, as by this filter, the keeper's socket is left.
TEST_F(Namespaces, WhereLinksAreRefusedTheSocketServes) {
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

}  // namespace
