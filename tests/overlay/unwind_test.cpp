// SPDX-License-Identifier: MIT
//
// What unwinds through the library: threads that are cancelled while they wait in a wrapped function, and exceptions
// from callbacks of the program's. Most of the library has no unwind tables; what may be on the way has.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>

namespace {

/// Runs `wait` in a thread and cancels it there. The test fails unless the thread's destructors run.
void expect_destructors_run(const std::function<void()>& wait) {
  struct Shared {
    const std::function<void()>& wait;
    bool has_ended = false;
  } shared{wait};
  struct AtEnd {
    bool& has_ended;
    ~AtEnd() { has_ended = true; }
  };
  pthread_t thread;
  const auto run = [](void* argument) -> void* {
    Shared& given = *static_cast<Shared*>(argument);
    const AtEnd at_end{given.has_ended};
    given.wait();
    return nullptr;
  };
  ASSERT_EQ(0, pthread_create(&thread, nullptr, run, &shared));
  // Before the thread waits or while it does: the call is a cancellation point either way.
  ASSERT_EQ(0, pthread_cancel(thread));
  void* result = nullptr;
  ASSERT_EQ(0, pthread_join(thread, &result));
  EXPECT_EQ(PTHREAD_CANCELED, result);
  EXPECT_TRUE(shared.has_ended);
}

class Cancelled : public testing::TestWithParam<const char*> {
 protected:
  std::string path() const { return std::string(GetParam()) + "/waited_for"; }
  void SetUp() override { unlink(path().c_str()); }
  void TearDown() override { unlink(path().c_str()); }
};
INSTANTIATE_TEST_SUITE_P(InAndOut, Cancelled, testing::Values("/dev/shm", "/tmp"), [](const auto& place) {
  return std::string(place.param) == "/tmp" ? "OrdinaryPath" : "Overlay";
});

TEST_P(Cancelled, OpenOfAFifo) {
  ASSERT_EQ(0, mkfifo(path().c_str(), 0600));
  expect_destructors_run([this] { open(path().c_str(), O_RDONLY); });
}

TEST_P(Cancelled, OpenAtOfAFifo) {
  ASSERT_EQ(0, mkfifo(path().c_str(), 0600));
  const int dir = open(GetParam(), O_RDONLY | O_DIRECTORY);
  ASSERT_NE(-1, dir);
  expect_destructors_run([=] { openat(dir, "waited_for", O_RDONLY); });
  close(dir);
}

TEST_P(Cancelled, FopenOfAFifo) {
  ASSERT_EQ(0, mkfifo(path().c_str(), 0600));
  expect_destructors_run([this] { fopen(path().c_str(), "r"); });
}

TEST_P(Cancelled, AcceptAndReceive) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  strcpy(name.sun_path, path().c_str());
  const auto* address = reinterpret_cast<const sockaddr*>(&name);
  const int listening = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(0, bind(listening, address, sizeof name)) << strerror(errno);
  ASSERT_EQ(0, listen(listening, 1));
  expect_destructors_run([=] {
    sockaddr_un peer{};
    socklen_t length = sizeof peer;
    accept(listening, reinterpret_cast<sockaddr*>(&peer), &length);
  });
  unlink(path().c_str());
  const int bound = socket(AF_UNIX, SOCK_DGRAM, 0);
  ASSERT_EQ(0, bind(bound, address, sizeof name)) << strerror(errno);
  expect_destructors_run([=] {
    char message[8];
    sockaddr_un peer{};
    socklen_t length = sizeof peer;
    recvfrom(bound, message, sizeof message, 0, reinterpret_cast<sockaddr*>(&peer), &length);
  });
  close(listening);
  close(bound);
}

class Thrown : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(InAndOut, Thrown, testing::Values("/dev/shm", "/tmp"), [](const auto& place) {
  return std::string(place.param) == "/tmp" ? "OrdinaryPath" : "Overlay";
});

[[noreturn]] int stop() { throw std::runtime_error("stop"); }

// Twice: what the library keeps of a walk is not in the way of the next one.
TEST_P(Thrown, ByFtw) {
  for (int times = 0; times < 2; ++times)
    EXPECT_THROW(ftw(
                     GetParam(), [](const char*, const struct stat*, int) { return stop(); }, 8),
                 std::runtime_error);
}

TEST_P(Thrown, ByNftw) {
  const auto visit = [](const char*, const struct stat*, int, struct FTW*) { return stop(); };
  for (int times = 0; times < 2; ++times) EXPECT_THROW(nftw(GetParam(), visit, 8, FTW_PHYS), std::runtime_error);
}

TEST_P(Thrown, ByTheFilterOfScandir) {
  dirent** names;
  const auto filter = [](const dirent*) { return stop(); };
  for (int times = 0; times < 2; ++times)
    EXPECT_THROW(scandir(GetParam(), &names, filter, nullptr), std::runtime_error);
}

}  // namespace
