// SPDX-License-Identifier: MIT
// Implements --low-latency: keeps idle processors from sleeping deeply while many requests come, through
// /dev/cpu_dma_latency (the kernel's Documentation/power/pm_qos_interface.rst). Waking them takes longer than most
// answers; but while they are held, they use power and heat up.
#pragma once

namespace devshmd {

class LatencyHold {
 public:
  LatencyHold() = default;
  ~LatencyHold();  ///< releases it: the kernel drops the request with the descriptor
  LatencyHold(const LatencyHold&) = delete;
  LatencyHold& operator=(const LatencyHold&) = delete;

  /// Opens the device; returns 0 or an errno value. Without it, nothing is ever held.
  int open(const char* device = "/dev/cpu_dma_latency");

  void hold() { set(true); }
  void release() { set(false); }
  bool held() const { return held_; }

 private:
  void set(bool held);

  int fd_ = -1;
  bool held_ = false;
};

}  // namespace devshmd
