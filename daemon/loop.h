// SPDX-License-Identifier: MIT
// The threads that take requests from the kernel and answer them. libfuse has such a loop; this one is here because
// O_TMPFILE has to be understood on libfuse 3.14, and because it ends between two requests: what was taken is answered.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include "fuse.h"

namespace devshmd {

class Loop {
 public:
  /// `ended`: an eventfd that is written to when the file system was unmounted by somebody else.
  Loop(fuse_session& session, int ended) : session_(session), ended_(ended) {}
  ~Loop() { stop(); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void start(unsigned threads);
  /// Returns when every request that was taken is answered, and no more will be taken.
  void stop();

 private:
  void work();

  fuse_session& session_;
  const int ended_;
  std::atomic<bool> stopping_{false};
  std::atomic<unsigned> running_{0};
  std::vector<std::thread> threads_;
};

}  // namespace devshmd
