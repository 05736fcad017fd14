// SPDX-License-Identifier: MIT
//
// Locks out the other threads of a process.
#pragma once

#include <atomic>

#include "../sys.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// It is held for short times, by functions that may block anyway. A process that is forked meanwhile takes the lock
/// over from a thread that exists only in its parent. Not async-signal-safe; errno stays as it was.
class ProcessLock {
 public:
  void lock() {
    const int self = sys::getpid();
    for (int holder = 0; !holder_.compare_exchange_weak(holder, self, std::memory_order_acquire);) {
      if (holder == self) {
        sys::call(SYS_sched_yield);
        holder = 0;
      }
    }
  }
  void unlock() { holder_.store(0, std::memory_order_release); }

 private:
  std::atomic<int> holder_{0};
};

}  // namespace devshm
