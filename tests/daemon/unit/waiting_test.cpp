// SPDX-License-Identifier: MIT
// Who waits for requests, and who is woken meanwhile.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "../../../daemon/file_system.h"
#include "owners.h"

namespace devshmd {
namespace {

/// Ends a wait for something that has to come sooner or later, on a busy machine too.
template <class Condition>
void wait_until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

TEST(Token, StaysWhereNoOtherRequestIsAwaited) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  FileSystem fs(Mode::serve, Space(0, 0, false), alice, "/dev/shm");
  const fuse_lowlevel_ops none{};
  fuse_args arguments = FUSE_ARGS_INIT(0, nullptr);
  fuse_opt_add_arg(&arguments, "devshmd");
  fs.session = fuse_session_new(&arguments, &none, sizeof none, nullptr);
  fuse_opt_free_args(&arguments);
  ASSERT_NE(fs.session, nullptr);
  fs.queue.start(ends[0], true);
  char request[64] = {};
  // The first requests show that spinning pays; a thread that spins has the token.
  const auto take_with_token = [&] {
    wait_until([&] {
      EXPECT_EQ(write(ends[1], request, sizeof request), static_cast<ssize_t>(sizeof request));
      EXPECT_EQ(fs.queue.take(request, sizeof request), static_cast<ssize_t>(sizeof request));
      return fs.queue.has_token();
    });
  };
  take_with_token();
  Locked(fs).invalidate_attributes(root_ino);
  EXPECT_TRUE(fs.queue.has_token());
  take_with_token();
  Locked(fs).flush(root_ino);
  EXPECT_FALSE(fs.queue.has_token()) << "what is flushed arrives as requests";
  fs.queue.stop();
  fuse_session_destroy(fs.session);
  for (const int end : ends) close(end);
}

}  // namespace
}  // namespace devshmd
