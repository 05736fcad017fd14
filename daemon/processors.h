// SPDX-License-Identifier: MIT
// Finds out how much processor time there is to spend.
#pragma once

#include <sched.h>

#include <optional>
#include <string>

namespace devshmd {

/// May a thread spin while it waits? Not with one processor, where the program that it waits for could not run
/// meanwhile, and not with a quota of processor time, which the spinning would use up.
bool may_spin();

/// Do more threads want to run than there are processors? A thread that spins then takes the time of others, and has
/// used up its own when a request comes. Not so with a real-time `policy` (chrt): then the others wait anyway.
class Load {
 public:
  explicit Load(int policy = sched_getscheduler(0), const char* loadavg = "/proc/loadavg");
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  bool is_too_high() const;

 private:
  int fd_;  ///< of /proc/loadavg; -1: it does not count
  long processors_;
};

/// How many threads want to run, from the text of /proc/loadavg.
std::optional<long> runnable_threads(const std::string& loadavg);

/// Does a control group of `cgroups` (the text of /proc/self/cgroup), or one above it, have a quota of processor time?
/// `root`: where control groups are mounted.
bool has_cpu_quota(const std::string& cgroups, const std::string& root = "/sys/fs/cgroup");

}  // namespace devshmd
