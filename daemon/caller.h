// SPDX-License-Identifier: MIT
// Finds the process behind a request. The kernel names only its thread.
#pragma once

#include <sys/types.h>

#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

namespace devshmd {

struct Caller {
  pid_t pid = 0;  ///< 0: unknown here (the kernel itself, or a process of another pid namespace)
  std::string program;
};

/// Looks a caller up in /proc: some microseconds. It waits for our answer, so /proc still has it unless it was killed
/// meanwhile.
Caller caller_of(pid_t thread);

/// Finds callers as caller_of does, and remembers the last ones: a thread keeps its process, so only the program's
/// name, which exec and prctl change, is read again. It is read through a descriptor of the thread's own, so a number
/// that was given to another thread meanwhile is noticed. May be used on several threads at once.
class Callers {
 public:
  Callers() = default;
  ~Callers();
  Callers(const Callers&) = delete;
  Callers& operator=(const Callers&) = delete;

  Caller find(pid_t thread);

 private:
  struct Known {
    pid_t thread, pid;
    int comm;  ///< descriptor of /proc/THREAD/comm
  };
  static constexpr std::size_t most = 64;

  std::mutex mutex_;
  std::list<Known> known_;  ///< the last one used comes first
  std::unordered_map<pid_t, std::list<Known>::iterator> by_thread_;
};

}  // namespace devshmd
