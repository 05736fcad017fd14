// SPDX-License-Identifier: MIT
//
// system and popen, where `environ` has lost the overlay.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include <atomic>
#include <map>
#include <thread>

#include "children.h"

extern "C" FILE* _IO_popen(const char*, const char*);

namespace {

class Shell : public Children {
 protected:
  /// Ways to lose the overlay, run in a process of its own.
  static std::map<std::string, std::function<void()>> losses() {
    return {
        {"nothing", [] {}},
        {"clearenv", [] { clearenv(); }},
        {"unsetenv", [] { unsetenv("LD_PRELOAD"), unsetenv("DEVSHM_DIR"), unsetenv("DEVSHM_LOG"); }},
        {"array", [] { environ = replaced; }},
    };
  }

  static void through_popen(FILE* (*open_command)(const char*, const char*)) {
    FILE* const stream = open_command(CHILD, "r");
    const std::string text = read_all(fileno(stream));
    ASSERT_EQ(write(1, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    _exit(WEXITSTATUS(pclose(stream)));
  }
};

TEST_F(Shell, SystemKeepsTheOverlay) {
  for (const auto& [name, lose] : losses()) {
    SCOPED_TRACE(name);
    const Said said = listen_to([&lose = lose] {
      lose();
      _exit(WEXITSTATUS(system(CHILD)));
    });
    expect_overlay(said);
    EXPECT_EQ(WEXITSTATUS(said.status), 7);
  }
}

TEST_F(Shell, PopenKeepsTheOverlay) {
  for (const auto open_command : {popen, _IO_popen}) {
    for (const auto& [name, lose] : losses()) {
      SCOPED_TRACE(name);
      const Said said = listen_to([&, &lose = lose] {
        lose();
        through_popen(open_command);
      });
      expect_overlay(said);
      EXPECT_EQ(WEXITSTATUS(said.status), 7);
    }
  }
}

TEST_F(Shell, PopenGivesEnvironBack) {
  const Said said = listen_to([] {
    environ = replaced;
    for (int round = 0; round < 3; ++round) pclose(popen("true", "r"));
    _exit(environ == replaced && replaced[0] == other && !replaced[1] ? 0 : 1);
  });
  EXPECT_EQ(WEXITSTATUS(said.status), 0);
}

TEST_F(Shell, PopenTakesNoMoreMemoryEachTime) {
  const Said said = listen_to([] {
    clearenv();
    const auto mappings = [] { return content_of("/proc/self/maps").size(); };
    pclose(popen("true", "r"));
    const std::size_t before = mappings();
    for (int round = 0; round < 20; ++round) pclose(popen("true", "r"));
    _exit(mappings() == before ? 0 : 1);
  });
  EXPECT_EQ(WEXITSTATUS(said.status), 0);
}

// system as POSIX has it, in the case where devshm does the work.
class LostSystem : public Shell {};

TEST_F(LostSystem, ReturnsTheStatus) {
  const Said said = listen_to([] {
    clearenv();
    const int killed = system("kill -9 $$");
    dprintf(1, "%d %d %d %d\n", system(nullptr) != 0, WEXITSTATUS(system("exit 3")),
            WIFSIGNALED(killed) ? WTERMSIG(killed) : 0, WEXITSTATUS(system("/nonexistent/command 2>&-")));
  });
  EXPECT_EQ(said.text, "1 3 9 127\n");
}

// The kernel keeps no status then.
TEST_F(LostSystem, FailsWhereChildrenAreIgnored) {
  const Said said = listen_to([] {
    clearenv();
    signal(SIGCHLD, SIG_IGN);
    const int status = system("exit 3");
    dprintf(1, "%d %d\n", status, errno == ECHILD);
  });
  EXPECT_EQ(said.text, "-1 1\n");
}

TEST_F(LostSystem, SetsSignalsAsideAndBringsThemBack) {
  const Said said = listen_to([] {
    static std::atomic<int> interrupts{0};
    struct sigaction action {
    }, after{};
    action.sa_handler = [](int) { ++interrupts; };
    sigaction(SIGINT, &action, nullptr);
    signal(SIGQUIT, SIG_IGN);
    clearenv();
    // The shell interrupts its parent, which is not to notice; in the shell itself the default is back, except for
    // what was ignored before.
    const int status = system("kill -INT $PPID; kill -QUIT $$; kill -INT $$; exit 5");
    sigaction(SIGINT, nullptr, &after);
    sigset_t mask;
    sigprocmask(SIG_BLOCK, nullptr, &mask);
    dprintf(1, "%d %d %d %d\n", interrupts.load(), WTERMSIG(status), after.sa_handler == action.sa_handler,
            sigismember(&mask, SIGCHLD));
  });
  EXPECT_EQ(said.text, "0 2 1 0\n");
}

TEST_F(LostSystem, WorksInManyThreadsAtOnce) {
  const Said said = listen_to([] {
    clearenv();
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        for (int round = 0; round < 5; ++round) {
          right += WEXITSTATUS(system("exit 4")) == 4;
          FILE* const stream = popen("echo $DEVSHM_DIR", "r");
          right += read_all(fileno(stream)) == dir + "\n";
          pclose(stream);
        }
      });
    for (std::thread& thread : threads) thread.join();
    struct sigaction after {};
    sigaction(SIGINT, nullptr, &after);
    dprintf(1, "%d %d %d\n", right.load(), after.sa_handler == SIG_DFL, environ == nullptr);
  });
  EXPECT_EQ(said.text, "80 1 1\n");
}

// What is cancelled is the thread alone: the shell is gone, and the signals are as they were.
TEST_F(LostSystem, IsACancellationPoint) {
  const Said said = listen_to([] {
    clearenv();
    int started[2];
    ASSERT_EQ(pipe(started), 0);
    const std::string command = "echo >&" + std::to_string(started[1]) + "; exec sleep 600";
    for (int round = 0; round < 3; ++round) {
      pthread_t thread;
      pthread_create(
          &thread, nullptr,
          [](void* text) -> void* {
            system(static_cast<const char*>(text));
            return nullptr;
          },
          const_cast<char*>(command.c_str()));
      char c;
      ASSERT_EQ(read(started[0], &c, 1), 1);
      void* result = nullptr;
      pthread_cancel(thread);
      pthread_join(thread, &result);
      struct sigaction after {};
      sigaction(SIGINT, nullptr, &after);
      const bool no_child = waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
      dprintf(1, "%d %d %d\n", result == PTHREAD_CANCELED, no_child, after.sa_handler == SIG_DFL);
    }
    dprintf(1, "%d\n", WEXITSTATUS(system("exit 3")));
  });
  EXPECT_EQ(said.text, "1 1 1\n1 1 1\n1 1 1\n3\n");
}

}  // namespace
