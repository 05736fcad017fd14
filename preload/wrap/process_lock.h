// SPDX-License-Identifier: MIT
//
// A lock between the threads of a process.
#pragma once

#include <atomic>

#include "../sys.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Held for moments, by functions that may block anyway. A process forked meanwhile by another thread takes over the
/// lock of the thread that it has not got. Not async-signal-safe; errno stays as it was.
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
