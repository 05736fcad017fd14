// SPDX-License-Identifier: MIT
#include "latency_hold.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace devshmd {

LatencyHold::~LatencyHold() {
  if (fd_ >= 0) close(fd_);
}

int LatencyHold::open(const char* device) {
  fd_ = ::open(device, O_WRONLY | O_CLOEXEC);
  return fd_ < 0 ? errno : 0;
}

void LatencyHold::set(bool held) {
  if (fd_ < 0 || held_ == held) return;
  const std::int32_t microseconds = held ? 0 : -1;  // -1: the kernel's default
  if (write(fd_, &microseconds, sizeof microseconds) == sizeof microseconds) held_ = held;
}

}  // namespace devshmd
