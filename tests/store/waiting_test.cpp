// SPDX-License-Identifier: MIT
//
// A keeper that is alive but does not answer: it is stopped, or busy. An open that has to ask it waits, for a bounded
// time, and does not take the object for gone.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../../preload/store/lock.h"
#include "steps.h"

using devshm::store::open_object;

namespace {

constexpr long briefly = 50;

/// Lets the names lead nowhere for as long as the twin is stopped. Returns the twin.
pid_t kill_keeper_and_stop_twin(const ScratchStore& store) {
  if (!comes_true([&] { return store.keepers().size() == 2; })) return -1;
  const std::string name = store.path("a");
  const std::string text = std::filesystem::read_symlink(name);
  const std::string table = std::filesystem::read_symlink(text.substr(0, text.rfind('/')));
  const pid_t keeper = std::stoi(table.substr(strlen("/proc/")));
  const std::vector<pid_t> both = store.keepers();
  const pid_t twin = both[0] == keeper ? both[1] : both[0];
  kill(twin, SIGSTOP);
  kill(keeper, SIGKILL);
  return comes_true([&] { return access(name.c_str(), F_OK) != 0; }) ? twin : -1;
}

TEST(Waiting, AnOpenLastsUntilTheKeeperIsContinued) {
  const ScratchStore store;
  ASSERT_TRUE(creates_memory(store, "a"));
  const pid_t twin = kill_keeper_and_stop_twin(store);
  ASSERT_GT(twin, 0);
  const pid_t opener = fork();
  if (opener == 0) _exit(store.text_of("a") == "a" ? 0 : 1);
  // A creation waits as well, and gives up after a shorter time: then a file does. (Both at once, as the open does not
  // wait for ever.)
  std::vector<pid_t> creators;
  for (const char* name : {"b", "c"}) {
    creators.push_back(fork());
    if (creators.back() == 0) _exit(creates_a_file(store, name) ? 0 : 1);
  }
  for (const pid_t creator : creators) EXPECT_TRUE(has_ended(creator, 0));
  kill(twin, SIGCONT);
  EXPECT_TRUE(has_ended(opener, 0));
}

TEST(Waiting, AnOpenEndsIfTheKeeperStaysStopped) {
  const ScratchStore store;
  ASSERT_TRUE(creates_memory(store, "a"));
  const pid_t twin = kill_keeper_and_stop_twin(store);
  ASSERT_GT(twin, 0);
  for (const int flags : {O_RDWR, O_PATH}) {
    const Opened opened = open_object(store.path("a").c_str(), flags, AT_FDCWD, briefly);
    EXPECT_EQ(opened.found, Found::failed);
    EXPECT_EQ(opened.fd_or_error, -ETIMEDOUT);
  }
  EXPECT_TRUE(std::filesystem::is_symlink(store.path("a"))) << "it is not gone";
  kill(twin, SIGCONT);
  EXPECT_EQ(store.text_of("a"), "a");
}

/// Connections that the keeper has not accepted, as many as there can be.
std::vector<int> fill_the_backlog(const std::string& root) {
  std::vector<int> connections;
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  (root + "/socket").copy(address.sun_path, sizeof address.sun_path - 1);
  for (;;) {
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
    connections.push_back(fd);
    if (connect(fd, reinterpret_cast<struct sockaddr*>(&address), sizeof address) != 0) return connections;
  }
}

TEST_F(StoreOfUsers, WhoCanNotBeReachedIsNotGone) {
  ASSERT_EQ(as_user(first_user, [&] { return creates_memory(store, "a", 0644) ? 0 : 1; }), 0);
  const std::string root = root_of(first_user);
  ASSERT_TRUE(comes_true([&] { return ScratchStore::keepers_of(root).size() == 2; }));
  const std::vector<pid_t> stopped = ScratchStore::keepers_of(root);
  for (const pid_t process : stopped) kill(process, SIGSTOP);
  const std::vector<int> connections = fill_the_backlog(root);
  EXPECT_EQ(as_user(second_user,
                    [&] {
                      EXPECTING(devshm::store::has_keeper({root.c_str(), root.size()}));
                      const Opened opened = open_object(store.path("a").c_str(), O_RDONLY, AT_FDCWD, briefly);
                      EXPECTING(opened.fd_or_error == -ETIMEDOUT);
                      return 0;
                    }),
            0);
  for (const pid_t process : stopped) kill(process, SIGCONT);
  EXPECT_EQ(as_user(second_user, [&] { return store.text_of("a") == "a" ? 0 : 1; }), 0);
  for (const int fd : connections) close(fd);
}

}  // namespace
