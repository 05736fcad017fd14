// SPDX-License-Identifier: MIT
//
// Requests as they come from the kernel: taken by several threads, and the first of them, INIT.
#include <gtest/gtest.h>
#include <linux/fuse.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "../../../daemon/handshake.h"
#include "../../../daemon/protocol.h"
#include "../../../daemon/request_queue.h"

namespace devshmd {
namespace {

/// Threads that take what is sent, as the daemon's take requests.
void take_all(bool may_spin, std::size_t size) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  RequestQueue queue;
  queue.start(ends[0], may_spin);
  constexpr std::uint32_t count = 3000;
  std::vector<std::atomic<int>> taken(count);
  std::atomic<bool> stopping{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      std::vector<char> buffer(100000);
      while (!stopping) {
        const ssize_t got = queue.take(buffer.data(), buffer.size());
        if (got <= 0) continue;
        std::uint32_t number;
        std::memcpy(&number, buffer.data(), sizeof number);
        if (number % 7 == 0) queue.hand_on();  // an answer that has to wait
        ++taken[number];
        if (write(ends[0], &number, sizeof number) < 0) stopping = true;
      }
      queue.hand_on();
    });
  std::vector<char> request(size);
  for (std::uint32_t number = 0; number < count; ++number) {
    std::memcpy(request.data(), &number, sizeof number);
    ASSERT_EQ(write(ends[1], request.data(), size), static_cast<ssize_t>(size));
    // One after the other, then ten at once.
    std::uint32_t answer;
    for (int left = number % 50 < 40 ? 1 : number % 50 == 49 ? 10 : 0; left > 0; --left)
      ASSERT_EQ(read(ends[1], &answer, sizeof answer), 4);
  }
  stopping = true;
  queue.stop();
  shutdown(ends[1], SHUT_RDWR);  // ends what waits in read
  for (std::thread& thread : threads) thread.join();
  for (std::uint32_t number = 0; number < count; ++number) EXPECT_EQ(taken[number], 1) << number;
  for (const int end : ends) close(end);
}

TEST(RequestQueue, EachRequestIsTakenOnce) {
  take_all(true, 64);
  take_all(false, 64);
  take_all(true, 80000);
}

/// A request for INIT and libfuse's answer to it, as they are on the wire.
struct Init {
  fuse_in_header in{};
  std::uint32_t body[16]{};  // major, minor, max_readahead, flags, flags2
  fuse_out_header out{};
  protocol::InitOut answer{};
  Init(std::uint32_t flags, std::uint32_t flags2) {
    in.opcode = FUSE_INIT;
    in.unique = out.unique = 2;
    body[3] = flags;
    body[4] = flags2;
  }
  void reply(Handshake& handshake) {
    iovec parts[] = {{&out, sizeof out}, {&answer, sizeof answer}};
    handshake.complete_reply(parts, 2);
  }
  std::size_t size() const { return sizeof in + sizeof body; }
};

TEST(Handshake, AsksForWhatLibfuseDoesNotKnow) {
  Handshake handshake;
  Init init(1u << 30 | 1u << 28, 1u << 5);
  handshake.read_request(&init.in, init.size());
  EXPECT_TRUE(handshake.offers(protocol::passthrough) && handshake.offers(protocol::kill_privileges));
  handshake.want(protocol::passthrough);
  init.answer.flags = 1;
  init.reply(handshake);
  EXPECT_EQ(init.answer.flags, 1u | 1u << 30);
  EXPECT_EQ(init.answer.flags2, 1u << 5);
  EXPECT_EQ(init.answer.max_stack_depth, 1u);
  init.answer = {};
  init.reply(handshake);
  EXPECT_EQ(init.answer.flags2, 0u) << "no answer but that to INIT";
}

TEST(Handshake, AnOldKernelHasNoSecondWordOfFlags) {
  Handshake handshake;
  Init init(1u << 28, 1u << 5);
  handshake.read_request(&init.in, init.size());
  EXPECT_FALSE(handshake.offers(protocol::passthrough));
  EXPECT_TRUE(handshake.offers(protocol::kill_privileges));
  handshake.want(protocol::kill_privileges);
  init.out.error = -5;
  init.reply(handshake);
  EXPECT_EQ(init.answer.flags, 0u) << "an error has no flags";
}

}  // namespace
}  // namespace devshmd
