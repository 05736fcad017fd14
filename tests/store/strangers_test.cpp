// SPDX-License-Identifier: MIT
//
// What a stranger can do to others by what he puts into a directory that all share: links that only look like the
// store's, a store under the name of somebody else's, and stale names. He gains nothing that a tmpfs would not give
// him.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "../../preload/store/ask.h"
#include "../../preload/store/message.h"
#include "steps.h"

using devshm::store::ask_for_object;
using devshm::store::LinkText;
using devshm::store::ObjectName;

namespace {

constexpr uid_t stranger = 4103;

class Strangers : public StoreOfUsers {
 protected:
  void TearDown() override {
    ScratchStore::kill_keepers_of(root_of(stranger));
    StoreOfUsers::TearDown();
  }
  /// A link of the stranger's.
  void plant(const std::string& name, const std::string& text) {
    ASSERT_EQ(as_user(stranger, [&] { return symlink(text.c_str(), store.path(name).c_str()); }), 0);
  }
  std::string text_of_link(const std::string& name) const { return std::filesystem::read_symlink(store.path(name)); }
  std::string scratch() const { return store.dir().substr(0, store.dir().rfind('/')); }
};

// Who owns a name decides, as protected_symlinks and protected_hardlinks do it: this would be neither.
TEST_F(Strangers, ALinkToAnothersObjectIsNoNameOfIt) {
  ASSERT_TRUE(creates_memory(store, "secret"));
  ASSERT_EQ(as_user(first_user, [&] { return creates_memory(store, "users") ? 0 : 1; }), 0);
  plant("alias", text_of_link("secret"));
  plant("alias2", text_of_link("users"));
  for (const char* name : {"alias", "alias2"}) {
    EXPECT_EQ(store.open(name, O_RDWR | O_TRUNC).found, Found::other_link) << name;
    EXPECT_EQ(store.create(name, O_RDWR | O_CREAT | O_TRUNC).fd_or_error, devshm::store::is_other_link) << name;
    EXPECT_EQ(store.create(name, exclusively).fd_or_error, -EEXIST) << name;
  }
  EXPECT_EQ(as_user(first_user, [&] { return store.open("alias2").found == Found::other_link ? 0 : 1; }), 0);
  EXPECT_EQ(store.text_of("secret"), "secret");
  EXPECT_EQ(store.text_of("users"), "users");
}

// To open a file and to close it again is not nothing: it takes away the locks that the process has on it.
TEST_F(Strangers, ALinkOpensNothingOfAnybodys) {
  const std::string home = scratch() + "/home";
  ASSERT_EQ(mkdir(home.c_str(), 0700), 0);
  const int file = open((home + "/5").c_str(), O_RDWR | O_CREAT, 0600);
  // A store of the stranger's own, with a table of descriptors that is no such table.
  const std::string root = scratch() + "/.x.memory.1.1", generation = root + "/0123456789abcdef";
  ASSERT_EQ(as_user(stranger, [&] { return mkdir(root.c_str(), 0755) || symlink(home.c_str(), generation.c_str()); }),
            0);
  plant("lure", generation + "/5");
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  ASSERT_EQ(fcntl(file, F_SETLK, &lock), 0);
  for (const int flags : {O_RDWR, O_RDONLY | O_TRUNC, O_RDWR | O_CREAT, exclusively})
    close(flags & O_CREAT ? store.create("lure", flags).fd_or_error : store.open("lure", flags).fd_or_error);
  EXPECT_EQ(in_child([&] {
              struct flock found = {};
              found.l_type = F_WRLCK;
              EXPECTING(fcntl(file, F_GETLK, &found) == 0);
              EXPECTING(found.l_type == F_WRLCK);
              return 0;
            }),
            0)
      << "the lock is gone";
  close(file);
}

TEST_F(Strangers, AStaleLinkMakesNoDirectories) {
  const std::string home = scratch() + "/home";
  ASSERT_EQ(mkdir(home.c_str(), 0700), 0);
  plant("lure", home + "/.x.memory.1.1/0123456789abcdef/5");
  close(store.create("lure", exclusively).fd_or_error);
  EXPECT_TRUE(std::filesystem::is_empty(home));
}

/// What the stranger does as a process of his own: a store under another user's name, with a pool that leads to a memfd
/// that he has. Writes to `ready` when it is there, and ends with `done`.
int offer_a_pool(const std::string& root, const ObjectName& object, int ready, int done) {
  umask(0);
  const int number = static_cast<int>(object.number), memfd = memfd_create(memfd_name(object).c_str(), 0);
  EXPECTING(memfd >= 0 && dup2(memfd, number) == number && fchmod(memfd, 0666) == 0);
  const std::string entry_name = devshm::store::Root(root.c_str(), root.size()).pool_entry(object).c_str();
  const std::string text = devshm::store::Root(root.c_str(), root.size()).link_text(object).c_str();
  const std::string generation = text.substr(0, text.rfind('/')), table = "/proc/" + std::to_string(getpid()) + "/fd";
  EXPECTING(mkdir(root.c_str(), 0777) == 0 && mkdir((root + "/pool").c_str(), 0777) == 0);
  EXPECTING(symlink(table.c_str(), generation.c_str()) == 0);
  close(open((root + "/lock").c_str(), O_RDWR | O_CREAT, 0666));
  EXPECTING(symlink(text.c_str(), entry_name.c_str()) == 0);
  EXPECTING(write(ready, "x", 1) == 1);
  char byte;
  EXPECTING(read(done, &byte, 1) == 0);
  struct stat found;
  EXPECTING(fstat(number, &found) == 0);
  return found.st_size ? 2 : 0;
}

/// Runs a function while the stranger offers this. False if his memory has been written to.
bool while_offering(const std::string& root, const ObjectName& object, const std::function<void()>& function) {
  int ready[2], done[2];
  if (pipe(ready) != 0 || pipe(done) != 0) return false;
  const pid_t offering = fork();
  if (offering == 0) {
    close(done[1]);
    _exit(as_user(stranger, [&] { return offer_a_pool(root, object, ready[1], done[0]); }));
  }
  close(ready[1]);
  char byte;
  EXPECT_EQ(read(ready[0], &byte, 1), 1);
  function();
  close(done[1]);
  for (const int fd : {ready[0], done[0]}) close(fd);
  return has_ended(offering, 0);
}

TEST_F(Strangers, AStoreThatAStrangerHasMadeIsNotUsed) {
  EXPECT_TRUE(while_offering(root_of(0), {0x123456789abcdef, 77}, [&] {
    const Created made = store.create("roots", exclusively);
    EXPECT_EQ(made.file, Why::root_unusable);
    EXPECT_EQ(write(made.fd_or_error, "secret", 6), 6);
    close(made.fd_or_error);
  })) << "the stranger has what root has written";
}

TEST_F(Strangers, NorIsOneInThePlaceOfOneThatIsGone) {
  ASSERT_TRUE(creates_memory(store, "stale"));
  const std::string text = text_of_link("stale");
  LinkText link;
  ASSERT_TRUE(parse_link(text.c_str(), text.size(), link));
  store.kill_keepers();
  std::filesystem::remove_all(root_of(0));
  EXPECT_TRUE(while_offering(root_of(0), link.object, [&] {
    EXPECT_EQ(store.text_of("stale"), "-");
    const int fd = store.create("stale", O_RDWR | O_CREAT).fd_or_error;
    EXPECT_TRUE(fd < 0 || write(fd, "secret", 6) == 6);
    close(fd);
  })) << "the stranger has what root has written";
}

// In a directory that only its user may search, whatever the object's own mode.
TEST_F(Strangers, ADirectoryClosesWhatIsInIt) {
  ASSERT_EQ(as_user(first_user,
                    [&] {
                      EXPECTING(mkdir(store.path("private").c_str(), 0700) == 0);
                      EXPECTING(creates_memory(store, "private/a", 0666));
                      EXPECTING(creates_memory(store, "open", 0666));
                      return 0;
                    }),
            0);
  EXPECT_EQ(as_user(stranger, [&] { return store.text_of("open") == "open" ? 0 : 1; }), 0);
  const std::string root = root_of(first_user);
  for (const char* name : {"private/a", "open"}) {  // the number is easily guessed
    const std::string text = text_of_link(name);
    LinkText link;
    ASSERT_TRUE(parse_link(text.c_str(), text.size(), link));
    for (const int flags : {O_RDONLY, O_PATH})
      for (const devshm::store::LinkToken token : {0, 1})
        EXPECT_EQ(as_user(stranger,
                          [&] {
                            devshm::sys::Patience patience(devshm::store::open_milliseconds);
                            return -ask_for_object({root.c_str(), root.size()}, link.object, flags, token, patience);
                          }),
                  EACCES)
            << name;
  }
  EXPECT_EQ(store.text_of("private/a"), "private/a") << "root may";
}

/// Answers one request, as a keeper would not: with that result, and as many descriptors.
int answer_with(const std::string& root, int result, int count) {
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  (root + "/socket").copy(address.sun_path, sizeof address.sun_path - 1);
  const int listening = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  EXPECTING(bind(listening, reinterpret_cast<struct sockaddr*>(&address), sizeof address) == 0);
  EXPECTING(chmod(address.sun_path, 0666) == 0 && listen(listening, 1) == 0);
  int connection;
  char bytes[64];
  do connection = accept(listening, nullptr, nullptr);
  while (recv(connection, bytes, sizeof bytes, 0) <= 0);  // somebody has only looked whether it is there
  devshm::store::Reply reply = {result};
  struct iovec piece = {&reply, sizeof reply};
  alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
  struct msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (count) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    struct cmsghdr* const head = CMSG_FIRSTHDR(&message);
    *head = {CMSG_LEN(2 * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    const int both[] = {listening, connection};
    memcpy(CMSG_DATA(head), both, sizeof both);
  }
  EXPECTING(sendmsg(connection, &message, 0) == sizeof reply);
  return 0;
}

/// Asks the stranger's process, which answers like this, for an object.
int ask_a_false_keeper(const std::string& root, int result, int count) {
  std::filesystem::remove_all(root);
  EXPECT_EQ(as_user(stranger, [&] { return mkdir(root.c_str(), 0755); }), 0);
  const pid_t keeper = fork();
  if (keeper == 0) _exit(as_user(stranger, [&] { return answer_with(root, result, count); }));
  EXPECT_TRUE(comes_true([&] { return devshm::store::answers({root.c_str(), root.size()}); }));
  devshm::sys::Patience patience(devshm::store::open_milliseconds);
  const int fd = ask_for_object({root.c_str(), root.size()}, {1, 77}, O_RDONLY, 0, patience);
  EXPECT_TRUE(has_ended(keeper, 0));
  return fd;
}

TEST_F(Strangers, AFalseKeeperLeavesNoDescriptors) {
  const auto count = [] {
    const std::filesystem::directory_iterator descriptors("/proc/self/fd");
    return std::distance(begin(descriptors), end(descriptors));
  };
  const auto before = count();
  close(ask_a_false_keeper(scratch() + "/.x.memory.1.1", 0, 2));
  EXPECT_EQ(count(), before);
}

// Its result could be the number of a descriptor that this process has open, or a result that has another meaning here.
TEST_F(Strangers, AFalseKeeperGivesOnlyErrors) {
  for (const int result : {1, 1000000, -4096, -4097, -1000000})
    EXPECT_EQ(ask_a_false_keeper(scratch() + "/.x.memory.1.1", result, 0), -EIO) << result;
  EXPECT_EQ(ask_a_false_keeper(scratch() + "/.x.memory.1.1", -EACCES, 0), -EACCES);
}

// Root removes the name of an object that is gone with its user's store. It must not make that store: it would be
// root's, and the user could have none any more.
TEST_F(Strangers, RootMakesNoStoreForOthers) {
  ASSERT_EQ(as_user(first_user, [&] { return creates_memory(store, "a") ? 0 : 1; }), 0);
  ScratchStore::kill_keepers_of(root_of(first_user));
  std::filesystem::remove_all(root_of(first_user));
  EXPECT_TRUE(creates_memory(store, "a"));
  EXPECT_FALSE(std::filesystem::exists(root_of(first_user)));
  EXPECT_EQ(as_user(first_user, [&] { return creates_memory(store, "b") ? 0 : 1; }), 0);
}

// fs.protected_regular: in a directory that all share the kernel refuses O_CREAT on another user's file.
TEST_F(Strangers, TheKernelDecidesWhetherOCreatOpensTheirFiles) {
  ASSERT_EQ(as_user(stranger,
                    [&] {
                      umask(0);
                      return open(store.path("theirs").c_str(), O_RDWR | O_CREAT, 0666) < 0;
                    }),
            0);
  close(open(store.path("own").c_str(), O_RDWR | O_CREAT, 0600));
  EXPECT_EQ(in_child([&] {
              if (!refuse(SYS_openat, EACCES, 2, O_CREAT)) return no_surroundings;
              EXPECTING(store.create("theirs", O_RDWR | O_CREAT).fd_or_error == -EACCES);
              EXPECTING(store.create("own", O_RDWR | O_CREAT).fd_or_error >= 0);
              EXPECTING(store.open("theirs").found == Found::ordinary);
              return 0;
            }),
            0);
  EXPECT_EQ(store.create("theirs", O_RDWR | O_CREAT | O_EXCL).fd_or_error, -EEXIST);
}

// A service that starts as root makes an object and gives it to the user that it runs as.
TEST_F(Strangers, WhatRootHasGivenAwayIsItsNewOwners) {
  const int fd = store.create_with("given", "given");
  ASSERT_EQ(fchown(fd, first_user, first_user), 0);
  close(fd);
  for (const int flags : {O_RDWR, O_RDONLY, O_WRONLY | O_APPEND})
    EXPECT_EQ(as_user(first_user,
                      [&] {
                        const auto opened = store.open("given", flags);
                        EXPECTING(opened.found == Found::opened);
                        EXPECTING((fcntl(opened.fd_or_error, F_GETFL) & (O_ACCMODE | O_APPEND)) == flags);
                        return 0;
                      }),
              0)
        << flags;
  EXPECT_EQ(as_user(stranger, [&] { return -store.open("given", O_RDONLY).fd_or_error; }), EACCES);
  EXPECT_EQ(store.text_of("given"), "given");
}

}  // namespace
