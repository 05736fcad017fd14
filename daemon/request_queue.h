// SPDX-License-Identifier: MIT
// Gets requests from the kernel for the threads. While requests follow each other closely, one thread at a time has the
// token: it spins for the next request, answers it, and looks again, while the others are parked; so neither the
// daemon's thread nor another one has to be woken for each request. Otherwise all threads wait in read(2), and use no
// time.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>

#include "latency_hold.h"
#include "processors.h"
#include "spin_policy.h"

namespace devshmd {

class RequestQueue {
 public:
  /// `may_spin`: see processors.h. `fd`: /dev/fuse, in blocking mode.
  void start(int fd, bool may_spin);

  /// The next request: its size, 0 if there is none after all (a signal came, or another thread was faster), or -errno.
  ssize_t take(void* buffer, std::size_t size);

  /// To be called before waiting for something that another request may bring, or before long work: if the calling
  /// thread has the token, another one continues with it.
  void hand_on();

  /// Parked threads return from `take`, and no thread parks any more. Threads in read(2) need a signal.
  void stop();

  LatencyHold& latency_hold() { return hold_; }

 private:
  using Clock = SpinPolicy::Clock;
  static constexpr std::size_t large_request = 65536;
  static constexpr int longest_row = 16;    ///< requests without a pause; then another thread helps
  static constexpr int silence_ms = 2;      ///< after this time processors may sleep again
  static constexpr int load_interval = 64;  ///< requests between two looks at the load

  bool has_token() const;
  /// Waits for the token. False: spinning does not pay (any more).
  bool acquire();
  void look_at_load();
  bool is_ready(int timeout_ms) const;
  void await();
  ssize_t receive(void* buffer, std::size_t size);

  int fd_ = -1;
  bool may_spin_ = false;
  SpinPolicy policy_;
  std::atomic<Clock::rep> idle_since_{0};

  std::mutex mutex_;  ///< guards the next three
  std::condition_variable freed_;
  bool taken_ = false;
  bool stopping_ = false;
  std::atomic<std::thread::id> holder_{};

  // Used by the thread that has the token.
  Load load_;
  int since_load_ = 0;
  LatencyHold hold_;
  int in_a_row_ = 0;
};

}  // namespace devshmd
