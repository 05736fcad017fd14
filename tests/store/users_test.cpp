// SPDX-License-Identifier: MIT
//
// Objects between users: what the kernel would say of a file of that mode, by way of the keeper's socket; and what a
// stranger can do to a keeper.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "../../preload/store/ask.h"
#include "../../preload/store/message.h"
#include "scratch_store.h"

namespace {

constexpr uid_t owner = 4001, other = 4002;
constexpr gid_t owners_group = 4001, others_group = 4002, shared_group = 4003;

/// What a function returns that another user runs, in a process of his: 0 to 200.
int as_user(uid_t user, gid_t group, std::vector<gid_t> groups, const std::function<int()>& function) {
  const pid_t child = fork();
  if (child == 0) {
    if (setgroups(groups.size(), groups.data()) || setresgid(group, group, group) || setresuid(user, user, user))
      _exit(250);
    _exit(function());
  }
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

class Users : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, to become two users";
    const int made = as_user(owner, owners_group, {shared_group}, [&] {
      const auto make = [&](const char* name, mode_t mode) {
        const int fd = store.create(name, exclusively, mode).fd_or_error;
        return fd >= 0 && write(fd, name, 4) == 4 && close(fd) == 0;
      };
      const int shared = store.create("grou", exclusively, 0660).fd_or_error;
      if (fchown(shared, static_cast<uid_t>(-1), shared_group) != 0 || write(shared, "grou", 4) != 4) return 1;
      return make("priv", 0600) && make("read", 0644) && make("open", 0666) && make("none", 0000) ? 0 : 1;
    });
    ASSERT_EQ(made, 0);
    // ROOT is the owner's; the fixture looks for the keepers of its own.
    root = store.dir().substr(0, store.dir().rfind('/')) + "/.shm.memory.4001.4001";
    ASSERT_EQ(access(root.c_str(), F_OK), 0);
  }
  void TearDown() override { ScratchStore::kill_keepers_of(root); }

  /// errno of an open by the other user, 0 for success. With access to what it says.
  int other_opens(const char* name, int flags, std::vector<gid_t> groups = {}) {
    return as_user(other, others_group, std::move(groups), [&] {
      const Opened opened = store.open(name, flags);
      if (opened.found != Found::opened) return -opened.fd_or_error;
      if ((flags & O_ACCMODE) != O_WRONLY && text_from(opened.fd_or_error) != name) return 200;
      if ((fcntl(opened.fd_or_error, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK)) !=
          (flags & (O_ACCMODE | O_APPEND | O_NONBLOCK)))
        return 199;
      return fcntl(opened.fd_or_error, F_GETFD) == (flags & O_CLOEXEC ? FD_CLOEXEC : 0) ? 0 : 198;
    });
  }

  ScratchStore store;
  std::string root;
};

TEST_F(Users, TheModeDecides) {
  EXPECT_EQ(other_opens("priv", O_RDONLY), EACCES);
  EXPECT_EQ(other_opens("none", O_RDONLY), EACCES);
  EXPECT_EQ(other_opens("read", O_RDONLY), 0);
  EXPECT_EQ(other_opens("read", O_RDWR), EACCES);
  EXPECT_EQ(other_opens("read", O_WRONLY), EACCES);
  EXPECT_EQ(other_opens("open", O_RDWR), 0);
  EXPECT_EQ(other_opens("open", O_WRONLY), 0);
  EXPECT_EQ(other_opens("open", O_RDWR | O_APPEND | O_CLOEXEC), 0);
}

TEST_F(Users, GroupsCount) {
  EXPECT_EQ(other_opens("grou", O_RDWR), EACCES);
  EXPECT_EQ(other_opens("grou", O_RDWR, {shared_group}), 0);
}

TEST_F(Users, ModesThatChangeCount) {
  EXPECT_EQ(as_user(owner, owners_group, {}, [&] { return chmod(store.path("open").c_str(), 0640); }), 0);
  EXPECT_EQ(other_opens("open", O_RDWR), EACCES);
}

TEST_F(Users, RootMayAll) {
  for (const char* name : {"priv", "none", "open"}) EXPECT_EQ(store.text_of(name), name);
}

TEST_F(Users, ANameThatIsTakenIsTaken) {
  EXPECT_EQ(as_user(other, others_group, {}, [&] { return -store.create("priv", exclusively).fd_or_error; }), EEXIST);
  EXPECT_EQ(as_user(other, others_group, {}, [&] { return -store.create("priv", O_RDWR | O_CREAT).fd_or_error; }),
            EACCES);
}

TEST_F(Users, TheRefusedTruncateNothing) {
  EXPECT_EQ(other_opens("read", O_WRONLY | O_TRUNC), EACCES);
  EXPECT_EQ(other_opens("read", O_RDONLY), 0) << "it still says its name";
}

int connect_to(const std::string& root) {
  const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  (root + "/socket").copy(address.sun_path, sizeof address.sun_path - 1);
  if (connect(fd, reinterpret_cast<struct sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

int descriptors_of(pid_t process) {
  int count = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fd"))
    ++count;
  return count;
}

TEST_F(Users, AFloodOfConnectionsStopsNobody) {
  const pid_t keeper = ScratchStore::keepers_of(root).front();
  ASSERT_EQ(ScratchStore::ask_for_refill(root), 0);  // from here on its pool gets full
  ASSERT_TRUE(ScratchStore::comes_to_rest_with(root, 5));
  const int before = descriptors_of(keeper);
  // One that floods for as long as the pipe is open.
  int alive[2];
  ASSERT_EQ(pipe(alive), 0);
  const pid_t flooder = fork();
  if (flooder == 0) {
    close(alive[1]);
    fcntl(alive[0], F_SETFL, O_NONBLOCK);
    if (setresgid(other, other, other) || setresuid(other, other, other)) _exit(1);
    char byte;
    std::vector<int> held;
    while (read(alive[0], &byte, 1) != 0) {
      const int fd = connect_to(root);
      if (fd < 0) continue;
      if (held.size() % 3 == 0) (void)!write(fd, "garbage", 7);
      held.push_back(fd);
      if (held.size() > 500) {
        for (const int old : held) close(old);
        held.clear();
      }
    }
    _exit(0);
  }
  close(alive[0]);
  int most = 0;
  for (int i = 0; i < 200; ++i) {
    const int result = as_user(owner, owners_group, {}, [&] {
      const std::string name = "f" + std::to_string(i);
      const int fd = store.create_with(name, name);
      return fd >= 0 && store.text_of(name) == name ? 0 : 1;
    });
    EXPECT_EQ(result, 0) << i;
    EXPECT_EQ(other_opens("open", O_RDWR), 0) << i;  // by the same socket
    most = std::max(most, descriptors_of(keeper));
  }
  // Its objects and connections, and what it is just making.
  EXPECT_LE(most, before + 200 + 8 + 4);
  close(alive[1]);
  int status;
  waitpid(flooder, &status, 0);
  // Its connections are closed.
  EXPECT_TRUE(comes_true([&] { return descriptors_of(keeper) <= before + 200 + 4; }))
      << descriptors_of(keeper) - before;
}

// Although nothing else happens that would wake the keeper: it could never end.
TEST_F(Users, ASilentConnectionIsClosed) {
  const int fd = connect_to(root);
  ASSERT_GE(fd, 0);
  struct pollfd closed = {fd, POLLIN, 0};
  EXPECT_EQ(poll(&closed, 1, longest_wait_milliseconds), 1);
  close(fd);
}

TEST_F(Users, AStrangerGetsNoPoolFilled) {
  EXPECT_EQ(as_user(other, others_group, {}, [&] { return -ScratchStore::ask_for_refill(root); }), EPERM);
  EXPECT_EQ(as_user(owner, owners_group, {}, [&] { return -ScratchStore::ask_for_refill(root); }), 0);
}

TEST_F(Users, ARootThatAStrangerMadeIsNotUsed) {
  const std::string stolen = store.dir().substr(0, store.dir().rfind('/')) + "/.shm.memory.4002.4002";
  ASSERT_EQ(mkdir(stolen.c_str(), 0777), 0);
  chmod(stolen.c_str(), 0777);
  EXPECT_EQ(as_user(other, others_group, {},
                    [&] {
                      const Created made = store.create("theirs", exclusively);
                      struct stat found;
                      if (made.fd_or_error < 0 || made.file == Why::is_memory) return 1;
                      return fstat(made.fd_or_error, &found) == 0 && found.st_nlink == 1 ? 0 : 2;
                    }),
            0);
}

}  // namespace
