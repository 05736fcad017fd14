// SPDX-License-Identifier: MIT
// What is read from /proc, and how flags are shown.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fuse.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "../../../daemon/caller.h"
#include "../../../daemon/flags.h"
#include "../../../daemon/fuse.h"
#include "../../../daemon/handshake.h"
#include "../../../daemon/latency_hold.h"
#include "../../../daemon/mount.h"
#include "../../../daemon/processors.h"
#include "../../../daemon/protocol.h"
#include "../../../daemon/request_queue.h"
#include "../../../daemon/spin_policy.h"

namespace devshmd {
namespace {

TEST(Mounts, AreReadInTheirOrder) {
  const auto entries = parse_mountinfo(
      "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
      "30 22 0:52 / /dev/shm rw,nosuid shared:7 master:3 - fuse.devshm devshm rw,user_id=0\n"
      "31 22 0:53 /sub /with\\040space\\134 rw - tmpfs tmpfs rw\n"
      "broken line\n\n");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[1].device, "0:52");
  EXPECT_EQ(entries[1].point, "/dev/shm");
  EXPECT_EQ(entries[1].type, "fuse.devshm");
  EXPECT_EQ(entries[2].point, "/with space\\");
}

TEST(Mounts, AbsolutePathsAlsoOfWhatCanNotBeLookedAt) {
  EXPECT_EQ(absolute("/"), "/");
  EXPECT_EQ(absolute("/proc/."), "/proc");
  EXPECT_EQ(absolute("/proc/not-there"), "/proc/not-there");
  EXPECT_EQ(absolute("/proc/not-there/"), "/proc/not-there");
  EXPECT_EQ(absolute("/not-there"), "/not-there");
  char here[4096];
  ASSERT_NE(getcwd(here, sizeof here), nullptr);
  EXPECT_EQ(absolute("not-there"), std::string(here) + "/not-there");
}

TEST(Mounts, AnOrdinaryDirectoryIsNotDead) {
  EXPECT_FALSE(is_dead("/"));
  EXPECT_FALSE(is_dead("/not-there"));
}

TEST(Callers, AreFoundByTheirThread) {
  Callers callers;
  EXPECT_EQ(callers.find(gettid()).pid, getpid());
  EXPECT_EQ(callers.find(0).program, "(kernel)");
  EXPECT_EQ(callers.find(1 << 30).program, "(gone)");
  std::thread([&] { EXPECT_EQ(callers.find(gettid()).pid, getpid()); }).join();
}

TEST(Callers, NamesAreReadEachTime) {
  Callers callers;
  char before[16];
  prctl(PR_GET_NAME, before);
  for (const char* name : {"one", "two\n Tgid:\t1", "", "a\\nb"}) {
    prctl(PR_SET_NAME, name);
    EXPECT_EQ(callers.find(gettid()).program, std::string(name).substr(0, 15));
    EXPECT_EQ(callers.find(gettid()).pid, getpid());
  }
  prctl(PR_SET_NAME, before);
}

TEST(Callers, AThreadThatHasGoneIsNotAnotherOne) {
  Callers callers;
  pid_t thread = 0;
  std::thread([&] { callers.find(thread = gettid()); }).join();
  // The kernel may count the thread a moment longer than its process does.
  while (callers.find(thread).program != "(gone)") std::this_thread::yield();
}

TEST(Callers, OnlyTheLastOnesAreRemembered) {
  const auto open_descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  Callers callers;
  const auto before = open_descriptors();
  for (int i = 0; i < 200; ++i) std::thread([&] { EXPECT_EQ(callers.find(gettid()).pid, getpid()); }).join();
  EXPECT_LE(open_descriptors(), before + 64);
}

TEST(Processors, AQuotaIsFoundInTheGroupAndAboveIt) {
  const std::filesystem::path root = testing::TempDir() + "devshmd-cgroup." + std::to_string(getpid());
  const auto set = [&](const std::string& file, const char* text) {
    std::filesystem::create_directories((root / file).parent_path());
    std::ofstream(root / file) << text;
  };
  set("a/b/cpu.max", "max 100000\n");
  EXPECT_FALSE(has_cpu_quota("0::/a/b\n", root));
  set("a/cpu.max", "50000 100000\n");
  EXPECT_TRUE(has_cpu_quota("0::/a/b\n", root));
  EXPECT_FALSE(has_cpu_quota("0::/other\n", root));
  set("cpu,cpuacct/c/cpu.cfs_quota_us", "-1\n");
  EXPECT_FALSE(has_cpu_quota("5:cpu,cpuacct:/c\n0::/\n", root));
  set("cpu,cpuacct/c/cpu.cfs_quota_us", "20000\n");
  EXPECT_TRUE(has_cpu_quota("5:cpu,cpuacct:/c\n0::/\n", root));
  EXPECT_FALSE(has_cpu_quota("5:cpuset:/c\nbroken\n", root));
  std::filesystem::remove_all(root);
}

TEST(Processors, TheLoadIsThatOfTheMoment) {
  EXPECT_EQ(runnable_threads("0.20 0.18 0.12 3/80 11206\n"), 3);
  EXPECT_EQ(runnable_threads("0.20 0.18\n"), std::nullopt);
  EXPECT_EQ(runnable_threads(""), std::nullopt);
}

TEST(Processors, TheLoadDoesNotCountWithARealTimePriority) {
  const std::string file = testing::TempDir() + "devshmd-loadavg." + std::to_string(getpid());
  std::ofstream(file) << "0.20 0.18 0.12 99999/99999 11206\n";
  EXPECT_TRUE(Load(SCHED_OTHER, file.c_str()).is_too_high());
  EXPECT_FALSE(Load(SCHED_FIFO, file.c_str()).is_too_high());
  EXPECT_FALSE(Load(SCHED_RR, file.c_str()).is_too_high());
  std::ofstream(file) << "0.20 0.18 0.12 1/80 11206\n";
  EXPECT_FALSE(Load(SCHED_OTHER, file.c_str()).is_too_high());
  std::remove(file.c_str());
}

TEST(SpinPolicy, SpinsOnlyWhileRequestsFollowEachOther) {
  using namespace std::chrono_literals;
  SpinPolicy policy;
  auto now = SpinPolicy::Clock::time_point(1h);
  const auto come = [&](int count, std::chrono::microseconds idle) {
    for (int i = 0; i < count; ++i) policy.came_after(idle, now);
  };
  EXPECT_FALSE(policy.pays());
  come(3, 10us);
  EXPECT_TRUE(policy.pays());
  EXPECT_FALSE(policy.is_busy());
  come(20, 10us);
  EXPECT_TRUE(policy.is_busy());
  come(6, 100us);
  EXPECT_FALSE(policy.pays()) << "a request each 100 us would be missed";
  come(8, 10us);
  policy.spun(now, now + 60us);
  EXPECT_TRUE(policy.pays());

  // Each time that somebody else needed the processor, for longer.
  for (const auto pause : {10ms, 20ms, 40ms, 80ms, 160ms, 320ms, 640ms, 1280ms, 2560ms, 3000ms, 3000ms}) {
    policy.spun(now, now + 3ms);
    now += 3ms;
    EXPECT_FALSE(policy.pays());
    now += pause - 1ms;
    come(20, 10us);
    EXPECT_FALSE(policy.pays()) << pause.count();
    now += 2ms;
    come(20, 10us);
    EXPECT_TRUE(policy.pays()) << pause.count();
  }
  now += 10s;
  policy.others_want_to_run(now);
  now += 11ms;
  come(20, 10us);
  EXPECT_TRUE(policy.pays()) << "that was long ago";
}

TEST(SpinPolicy, AMomentsCrowdIsNoReasonToStop) {
  using namespace std::chrono_literals;
  SpinPolicy policy;
  const auto now = SpinPolicy::Clock::time_point(1h);
  const auto look = [&](std::initializer_list<bool> looks) {
    for (int i = 0; i < 20; ++i) policy.came_after(10us, now);
    for (const bool too_high : looks) policy.saw_load(too_high, now);
    return policy.pays();
  };
  EXPECT_TRUE(look({true}));
  EXPECT_TRUE(look({false, true, true, true, false, true, true, true}));
  EXPECT_FALSE(look({true})) << "four looks in a row";
}

TEST(LatencyHold, WritesWhatTheKernelWants) {
  const std::string device = testing::TempDir() + "devshmd-latency." + std::to_string(getpid());
  std::ofstream(device).close();
  LatencyHold hold;
  hold.hold();
  EXPECT_FALSE(hold.held()) << "nothing was opened";
  EXPECT_EQ(hold.open("/not-there"), ENOENT);
  ASSERT_EQ(hold.open(device.c_str()), 0);
  for (int i = 0; i < 2; ++i) {
    hold.hold();
    hold.hold();
    EXPECT_TRUE(hold.held());
    hold.release();
    hold.release();
    EXPECT_FALSE(hold.held());
  }
  std::ifstream file(device, std::ios::binary);
  const std::string written((std::istreambuf_iterator<char>(file)), {});
  const std::string zero(4, '\0'), none(4, '\xff');
  EXPECT_EQ(written, zero + none + zero + none);
  std::filesystem::remove(device);
}

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

TEST(Flags, AreShownByName) {
  EXPECT_EQ(open_flags(O_RDONLY), "O_RDONLY");
  EXPECT_EQ(open_flags(O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600), "O_RDWR|O_CREAT|O_EXCL|O_NOFOLLOW 0600");
  EXPECT_EQ(open_flags(O_WRONLY | O_TMPFILE), "O_WRONLY|O_TMPFILE");
  EXPECT_EQ(open_flags(O_RDONLY | O_DIRECTORY), "O_RDONLY|O_DIRECTORY");
  EXPECT_EQ(open_flags(1 << 28), "O_RDONLY|0x10000000");
  EXPECT_EQ(mode_text(S_IFIFO | 0640), "S_IFIFO 0640");
  EXPECT_EQ(mode_text(01777), "1777");
  EXPECT_EQ(rename_flags(0), "");
  EXPECT_EQ(rename_flags(3), "RENAME_NOREPLACE|RENAME_EXCHANGE");
  EXPECT_EQ(fallocate_flags(3), "FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE");
  EXPECT_EQ(attribute_flags(FUSE_SET_ATTR_SIZE | FUSE_SET_ATTR_MODE), "mode|size");
}

}  // namespace
}  // namespace devshmd
