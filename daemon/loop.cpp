// SPDX-License-Identifier: MIT
#include "loop.h"

#include <linux/fuse.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "log.h"
#include "op/operations.h"

namespace devshmd {
namespace {

// Sent to a thread that waits for a request, to make it look at `stopping_`.
constexpr int wake_up = SIGUSR1;

/// A request for O_TMPFILE has the shape of one for `create`, and its answer too. libfuse does not know it before 3.17:
/// so it is handed on as a `create`, and our own one is told.
void understand(const fuse_buf& request) {
  op::is_tmpfile = op::kills_set_ids = false;
  if ((request.flags & FUSE_BUF_IS_FD) || request.size < sizeof(fuse_in_header)) return;
  auto* header = static_cast<fuse_in_header*>(request.mem);
  if (header->opcode == FUSE_TMPFILE) {
    header->opcode = FUSE_CREATE;
    op::is_tmpfile = true;
  }
  // Flags that libfuse keeps to itself.
  const std::size_t size = request.size - sizeof(fuse_in_header);
  const void* body = header + 1;
  if (header->opcode == FUSE_WRITE && size >= sizeof(fuse_write_in))
    op::kills_set_ids = static_cast<const fuse_write_in*>(body)->write_flags & FUSE_WRITE_KILL_SUIDGID;
  else if (header->opcode == FUSE_SETATTR && size >= sizeof(fuse_setattr_in))
    op::kills_set_ids = static_cast<const fuse_setattr_in*>(body)->valid & FATTR_KILL_SUIDGID;
}

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
    understand(buffer);
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
