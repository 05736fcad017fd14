// SPDX-License-Identifier: MIT
#include "caller.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

namespace devshmd {
namespace {

/// The process of a thread, or 0.
pid_t process_of(pid_t thread) {
  const int fd = open(fmt::format("/proc/{}/status", thread).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[512];  // Tgid is one of the first lines
  const ssize_t size = read(fd, text, sizeof text);
  close(fd);
  if (size <= 0) return 0;
  const std::string status(text, static_cast<std::size_t>(size));
  const std::size_t at = status.find("\nTgid:\t");
  return at == std::string::npos ? 0 : static_cast<pid_t>(std::strtol(status.c_str() + at + 7, nullptr, 10));
}

/// The name of the program, or nothing if the thread has gone.
std::optional<std::string> read_name(int comm) {
  char text[64];
  const ssize_t size = pread(comm, text, sizeof text, 0);
  if (size <= 0) return std::nullopt;
  return std::string(text, static_cast<std::size_t>(size - (text[size - 1] == '\n')));
}

}  // namespace

Callers::~Callers() {
  for (const Known& each : known_) close(each.comm);
}

Caller caller_of(pid_t thread) {
  Callers callers;
  return callers.find(thread);
}

Caller Callers::find(pid_t thread) {
  if (thread <= 0) return {0, "(kernel)"};
  const std::lock_guard lock(mutex_);
  if (const auto found = by_thread_.find(thread); found != by_thread_.end()) {
    known_.splice(known_.begin(), known_, found->second);
    const Known& known = known_.front();
    if (auto name = read_name(known.comm)) return {known.pid, std::move(*name)};
    close(known.comm);
    by_thread_.erase(found);
    known_.pop_front();
  }
  const int comm = open(fmt::format("/proc/{}/comm", thread).c_str(), O_RDONLY | O_CLOEXEC);
  if (comm < 0) return {0, "(gone)"};
  const pid_t pid = process_of(thread);
  auto name = read_name(comm);
  if (pid == 0 || !name) {
    close(comm);
    return {0, "(gone)"};
  }
  known_.push_front({thread, pid, comm});
  by_thread_[thread] = known_.begin();
  if (known_.size() > most) {
    by_thread_.erase(known_.back().thread);
    close(known_.back().comm);
    known_.pop_back();
  }
  return {pid, std::move(*name)};
}

}  // namespace devshmd
