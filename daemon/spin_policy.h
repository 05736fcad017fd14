// SPDX-License-Identifier: MIT
// Does it pay to spin for the next request? Waking a thread takes longer than most answers, so while requests follow
// each other closely, a thread that looks again and again answers them sooner; while they don't, it only burns time.
// Pure: it sees nothing but how long the daemon was idle before each request.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>

namespace devshmd {

class SpinPolicy {
 public:
  using Time = std::chrono::nanoseconds;
  static constexpr Time longest_spin = std::chrono::microseconds(50);
  /// A request that came this soon would have been met by a spin; the rest is for waking the thread that slept.
  static constexpr Time soon = longest_spin + std::chrono::microseconds(20);

  /// A request came after the daemon had been idle for so long.
  void came_after(Time idle) {
    const int credit = credit_.load(std::memory_order_relaxed);
    credit_.store(std::clamp(credit + (idle <= soon ? 1 : -1), 0, most), std::memory_order_relaxed);
  }
  /// A spin took so long that the processor must have done something else meanwhile: somebody needs it more.
  void spun_for(Time time) {
    if (time > 4 * longest_spin) credit_.store(0, std::memory_order_relaxed);
  }

  bool pays() const { return credit_.load(std::memory_order_relaxed) > least; }
  /// Have many requests come in a row?
  bool is_busy() const { return credit_.load(std::memory_order_relaxed) == most; }

 private:
  static constexpr int least = 2, most = 8;
  std::atomic<int> credit_{0};
};

}  // namespace devshmd
