// SPDX-License-Identifier: MIT
// Who waits for requests, and who is woken meanwhile.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "../../../daemon/file_system.h"
#include "owners.h"

namespace devshmd {
namespace {

/// A queue of what the test sends.
class Requests {
 public:
  explicit Requests(RequestQueue& queue) : queue_(queue) {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_), 0);
    queue_.start(ends_[0], true);
  }
  ~Requests() {
    queue_.stop();
    for (const int end : ends_) close(end);
  }
  Requests(const Requests&) = delete;
  Requests& operator=(const Requests&) = delete;

  /// Sends and takes requests until the calling thread has the token: the first ones show that spinning pays. Returns
  /// how many it took.
  int take_with_token() {
    char request[64] = {};
    int taken = 0;
    do {
      EXPECT_EQ(write(ends_[1], request, sizeof request), static_cast<ssize_t>(sizeof request));
      EXPECT_EQ(queue_.take(request, sizeof request), static_cast<ssize_t>(sizeof request));
      ++taken;
    } while (!queue_.has_token());
    return taken;
  }

 private:
  RequestQueue& queue_;
  int ends_[2] = {-1, -1};
};

TEST(Token, TheLoadIsNotLookedAtWhenItIsHandedOn) {
  const std::string file = testing::TempDir() + "devshmd-loadavg-handed." + std::to_string(getpid());
  std::ofstream(file) << "0.20 0.18 0.12 99999/99999 11206\n";
  RequestQueue queue(file.c_str());
  int taken = 0;
  {
    Requests requests(queue);
    for (int i = 0; i < 10; ++i) {
      taken += requests.take_with_token();
      queue.hand_on();
    }
  }
  EXPECT_LT(taken, 100) << "four looks at this load, and it stops spinning";
  std::filesystem::remove(file);
}

TEST(Token, StaysWhereNoOtherRequestIsAwaited) {
  FileSystem fs(Mode::serve, Space(0, 0, false), alice, "/dev/shm");
  const fuse_lowlevel_ops none{};
  fuse_args arguments = FUSE_ARGS_INIT(0, nullptr);
  fuse_opt_add_arg(&arguments, "devshmd");
  fs.session = fuse_session_new(&arguments, &none, sizeof none, nullptr);
  fuse_opt_free_args(&arguments);
  ASSERT_NE(fs.session, nullptr);
  Requests requests(fs.queue);
  requests.take_with_token();
  Locked(fs).invalidate_attributes(root_ino);
  EXPECT_TRUE(fs.queue.has_token());
  requests.take_with_token();
  Locked(fs).flush(root_ino);
  EXPECT_FALSE(fs.queue.has_token()) << "what is flushed arrives as requests";
  fuse_session_destroy(fs.session);
}

}  // namespace
}  // namespace devshmd
