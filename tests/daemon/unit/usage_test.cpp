// SPDX-License-Identifier: MIT
// The counters of who uses the file system, and the screen that `devshmd top` makes of them.
#include "../../../daemon/usage.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../daemon/top.h"

namespace devshmd {
namespace {

constexpr pid_t gone = 1 << 29;  // above every pid that the kernel gives

TEST(Usage, CountsByOperationUserAndProcess) {
  Usage usage;
  usage.count(getpid(), 7, Operation::create, 1, "a");
  usage.succeeded(getpid(), 7, Operation::create, -1);
  usage.count(getpid(), 7, Operation::write, 2, nullptr);
  usage.succeeded(getpid(), 7, Operation::write, 100);
  usage.count(gone, 8, Operation::lookup, 1, "b");
  const Usage::Snapshot snapshot = usage.snapshot();
  EXPECT_EQ(snapshot.total.operations, 3u);
  EXPECT_EQ(snapshot.by_operation[static_cast<std::size_t>(Operation::write)], 1u);
  ASSERT_EQ(snapshot.users.size(), 2u);
  EXPECT_EQ(snapshot.users.at(7).created, 1u);
  EXPECT_EQ(snapshot.users.at(7).written, 100u);
  ASSERT_EQ(snapshot.processes.size(), 2u);
  EXPECT_EQ(snapshot.processes[0].program, "(gone)");
  EXPECT_EQ(snapshot.processes[0].last_name, "b") << "the one that asked last comes first";
  EXPECT_EQ(snapshot.processes[1].pid, getpid());
  EXPECT_EQ(snapshot.processes[1].counters.operations, 2u);
  EXPECT_EQ(snapshot.processes[1].last_ino, 2u);
  EXPECT_EQ(snapshot.processes[1].last_name, "");
}

TEST(Usage, LooksAThreadUpBeforeItsFirstAnswerUnlessItOnlyAsksForAttributes) {
  for (const Operation operation : {Operation::lookup, Operation::getattr}) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      pause();
      _exit(0);
    }
    Usage usage;
    usage.count(child, 7, operation, 1, nullptr);
    const std::string alive = usage.snapshot().processes.at(0).program;
    EXPECT_NE(alive, "(gone)") << "whoever asks looks it up";
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const Usage::Snapshot snapshot = usage.snapshot();
    ASSERT_EQ(snapshot.processes.size(), 1u);
    EXPECT_EQ(snapshot.processes[0].pid, child);
    EXPECT_EQ(snapshot.processes[0].program, operation == Operation::getattr ? "(gone)" : alive);
  }
}

TEST(Usage, HasABound) {
  Usage usage;
  constexpr unsigned callers = 10 * Usage::most_threads;
  for (unsigned i = 0; i < callers; ++i) usage.count(gone + static_cast<pid_t>(i), i, Operation::getattr, 1, nullptr);
  const Usage::Snapshot snapshot = usage.snapshot();
  EXPECT_LE(snapshot.processes.size(), Usage::most_threads);
  EXPECT_LE(snapshot.users.size(), Usage::most_threads);
  EXPECT_EQ(snapshot.total.operations, callers) << "nothing is lost of the total";
  EXPECT_EQ(snapshot.processes[0].pid, gone + static_cast<pid_t>(callers) - 1) << "the newest are kept";
}

std::string nobody(std::uint64_t) { return ""; }

constexpr const char* text =
    "serve\t\"/dev/shm\"\t3 MiB\t64 MiB\t4\t500\n"
    "10\t0\t\"a b\"\t400\t1\t1\t0\t4096\t\"/dev/shm/x\"\n"
    "11\t1000\t\"busy\"\t100\t0\t0\t0\t0\t\"/dev/shm/y\"\n";

TEST(Top, ShowsTheBusiestFirst) {
  const auto now = parse_usage(text);
  ASSERT_TRUE(now);
  const std::string all = draw_usage(*now, {}, 99, nobody);
  EXPECT_NE(all.find("serve at /dev/shm, 3 MiB of 64 MiB, 4 objects\n500 operations\n"), std::string::npos) << all;
  EXPECT_LT(all.find("a b"), all.find("busy")) << "of what they have done";

  auto before = parse_usage(text);
  before->operations = 450;
  before->processes[1].operations = 50;
  const std::string live = draw_usage(*now, Earlier{*before, 2.0}, 99, nobody);
  EXPECT_NE(live.find("500 operations, 25 a second"), std::string::npos) << live;
  EXPECT_LT(live.find("busy"), live.find("a b")) << "of what they do now";
  EXPECT_NE(live.find("25.0"), std::string::npos) << live;
  EXPECT_EQ(draw_usage(*now, Earlier{*before, 2.0}, 1, nobody).find("a b"), std::string::npos) << "one row only";
}

TEST(Top, RefusesWhatItDoesNotKnow) {
  for (const char* other : {"", "serve\n", "serve\t/dev/shm\t1\t2\t3\t4\n", "serve\t\"/d\"\t1\t2\tx\t4\n",
                            "serve\t\"/d\"\t1\t2\t3\t4\n1\t2\n"})
    EXPECT_FALSE(parse_usage(other)) << other;
}

}  // namespace
}  // namespace devshmd
