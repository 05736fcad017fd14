// SPDX-License-Identifier: MIT
// Decides whether to spin for the next request. Waking a thread takes longer than most answers, so while requests
// follow each other closely, a thread that spins answers them sooner; otherwise it only burns time. If others want the
// processor, spinning does harm: they have to wait, and the thread has used up its time when a request comes. Pure: it
// sees only what it is given.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>

namespace devshmd {

class SpinPolicy {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::duration longest_spin = std::chrono::microseconds(50);
  /// A spin would have caught a request that came this soon; the rest is for waking the thread that slept.
  static constexpr Clock::duration soon = longest_spin + std::chrono::microseconds(20);

  /// A request came at `now`, after the daemon had been idle for so long.
  void came_after(Clock::duration idle, Clock::time_point now) {
    if (now.time_since_epoch().count() < not_before_.load(std::memory_order_relaxed)) return;
    const int credit = credit_.load(std::memory_order_relaxed);
    credit_.store(std::clamp(credit + (idle <= soon ? 1 : -1), 0, most), std::memory_order_relaxed);
  }
  /// A spin that began at `start` ended at `now`. If it took much too long, another thread had the processor meanwhile.
  void spun(Clock::time_point start, Clock::time_point now) {
    if (now - start > 4 * longest_spin) others_want_to_run(now);
  }
  /// One look at the load. A moment's crowd, such as a program that starts, is no reason to stop spinning.
  void saw_load(bool too_high, Clock::time_point now) {
    crowded_looks_ = too_high ? crowded_looks_ + 1 : 0;
    if (crowded_looks_ < crowded_looks_in_a_row) return;
    crowded_looks_ = 0;
    others_want_to_run(now);
  }
  /// Stops spinning for a while, and for longer each time that this happens again soon.
  void others_want_to_run(Clock::time_point now) {
    const auto last = Clock::time_point(Clock::duration(not_before_.load(std::memory_order_relaxed)));
    pause_ = now - last < pause_ ? std::min(pause_ * 2, longest_pause) : shortest_pause;
    not_before_.store((now + pause_).time_since_epoch().count(), std::memory_order_relaxed);
    credit_.store(0, std::memory_order_relaxed);
  }

  bool pays() const { return credit_.load(std::memory_order_relaxed) > least; }
  /// Have many requests come in a row?
  bool is_busy() const { return credit_.load(std::memory_order_relaxed) == most; }

 private:
  static constexpr int least = 2, most = 8;
  static constexpr int crowded_looks_in_a_row = 4;
  static constexpr Clock::duration shortest_pause = std::chrono::milliseconds(10),
                                   longest_pause = std::chrono::seconds(3);

  std::atomic<int> credit_{0};
  std::atomic<Clock::rep> not_before_{0};
  // Used by the thread that spins.
  Clock::duration pause_ = shortest_pause;
  int crowded_looks_ = 0;
};

}  // namespace devshmd
