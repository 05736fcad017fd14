// SPDX-License-Identifier: MIT
// Runs the threads that take requests from the kernel and let libfuse answer them. libfuse has such a loop; this one
// sees each request first (handshake.h, raw_request.h), waits in its own way (request_queue.h), and ends between two
// requests, so that every request that was taken is answered.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include "file_system.h"

namespace devshmd {

class Loop {
 public:
  /// `ended`: an eventfd that is written to when another process has unmounted the file system.
  Loop(FileSystem& fs, int ended) : fs_(fs), ended_(ended) {}
  ~Loop() { stop(); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Takes over reading from the session's descriptor. Returns false if libfuse refuses what that takes.
  bool start(unsigned threads, bool may_spin);
  /// Returns when every request that was taken is answered, and no more will be taken.
  void stop();

 private:
  void work();

  FileSystem& fs_;
  const int ended_;
  std::atomic<bool> stopping_{false};
  std::atomic<unsigned> running_{0};
  std::vector<std::thread> threads_;
};

}  // namespace devshmd
