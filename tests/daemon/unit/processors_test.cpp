// SPDX-License-Identifier: MIT
//
// When waiting for requests may take a processor: quotas, the load, how requests follow each other; and how it is kept
// awake.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "../../../daemon/latency_hold.h"
#include "../../../daemon/processors.h"
#include "../../../daemon/spin_policy.h"

namespace devshmd {
namespace {

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
  close(0);  // a daemon that was started without gets the device there
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

}  // namespace
}  // namespace devshmd
