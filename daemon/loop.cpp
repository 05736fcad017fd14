// SPDX-License-Identifier: MIT
#include "loop.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "log.h"
#include "raw_request.h"

namespace devshmd {
namespace {

// Sent to a thread that waits for a request, to make it look at `stopping_`.
constexpr int wake_up = SIGUSR1;

}  // namespace

void Loop::start(unsigned threads) {
  struct sigaction nothing {};
  nothing.sa_handler = [](int) {};  // without SA_RESTART: the read ends
  sigaction(wake_up, &nothing, nullptr);
  for (unsigned i = 0; i < threads; ++i) {
    ++running_;
    threads_.emplace_back([this] { work(); });
  }
}

void Loop::work() {
  fuse_buf buffer{};
  while (!stopping_) {
    const int size = fuse_session_receive_buf(&session_, &buffer);
    if (size == -EINTR || size == -EAGAIN) continue;
    if (size <= 0) {  // unmounted
      if (size < 0 && !stopping_) say("can't read requests: {}", explain(-size));
      break;
    }
    if (!(buffer.flags & FUSE_BUF_IS_FD)) adapt_request(buffer.mem, buffer.size);
    fuse_session_process_buf(&session_, &buffer);
  }
  std::free(buffer.mem);
  --running_;
  eventfd_write(ended_, 1);
}

void Loop::stop() {
  stopping_ = true;
  // A signal that comes just before a thread begins to wait is lost on it: hence again.
  while (running_ != 0) {
    for (std::thread& thread : threads_) pthread_kill(thread.native_handle(), wake_up);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace devshmd
