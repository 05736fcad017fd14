// SPDX-License-Identifier: MIT
#include "processors.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace devshmd {
namespace {

/// The first word of a file, or an empty text.
std::string first_word(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word;
}

/// Has `group`, or one above it, a quota? Version 2 has "max" without one, version 1 has -1.
bool has_quota_below(const std::string& mount, std::string group, const char* file) {
  for (;;) {
    const std::string quota = first_word(mount + group + "/" + file);
    if (!quota.empty() && quota != "max" && quota[0] != '-') return true;
    const std::size_t slash = group.rfind('/');
    if (slash == std::string::npos) return false;
    group.resize(slash);
  }
}

}  // namespace

bool has_cpu_quota(const std::string& cgroups, const std::string& root) {
  std::istringstream lines(cgroups);
  for (std::string line; std::getline(lines, line);) {  // number:controllers:path
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1), group = path == "/" ? "" : path;
    if (controllers == ",,") {
      for (const char* mount : {"", "/unified"})
        if (has_quota_below(root + mount, group, "cpu.max")) return true;
    } else if (controllers.find(",cpu,") != std::string::npos) {
      for (const char* mount : {"/cpu", "/cpu,cpuacct"})
        if (has_quota_below(root + mount, group, "cpu.cfs_quota_us")) return true;
    }
  }
  return false;
}

std::optional<long> runnable_threads(const std::string& loadavg) {
  std::istringstream words(loadavg);  // three averages, then runnable/all
  std::string average;
  long runnable;
  if (words >> average >> average >> average >> runnable) return runnable;
  return std::nullopt;
}

Load::Load(int policy, const char* loadavg) : fd_(-1), processors_(sysconf(_SC_NPROCESSORS_ONLN)) {
  if (policy != SCHED_FIFO && policy != SCHED_RR) fd_ = open(loadavg, O_RDONLY | O_CLOEXEC);
}

Load::~Load() {
  if (fd_ >= 0) close(fd_);
}

bool Load::is_too_high() const {
  char text[128];
  const ssize_t size = fd_ < 0 ? -1 : pread(fd_, text, sizeof text, 0);
  if (size <= 0) return false;
  const auto runnable = runnable_threads(std::string(text, static_cast<std::size_t>(size)));
  return runnable && *runnable > processors_;
}

bool may_spin() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) < 2) return false;
  std::ifstream file("/proc/self/cgroup");
  std::stringstream text;
  text << file.rdbuf();
  return !has_cpu_quota(text.str());
}

}  // namespace devshmd
