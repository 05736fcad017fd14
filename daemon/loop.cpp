// SPDX-License-Identifier: MIT
#include "loop.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "log.h"
#include "raw_request.h"

namespace devshmd {
namespace {

// Sent to a thread that waits for a request, to make it look at `stopping_`.
constexpr int wake_up = SIGUSR1;

// A request has at most `largest_write` bytes of contents (op/init.cpp), and less than a page beside them.
constexpr std::size_t buffer_size = largest_write + 4096;

#if !LIBFUSE_NEGOTIATES
ssize_t write_reply(int fd, iovec* parts, int count, void* userdata) {
  static_cast<FileSystem*>(userdata)->handshake.complete_reply(parts, count);
  return writev(fd, parts, count);
}

ssize_t read_request(int fd, void* buffer, std::size_t size, void*) { return read(fd, buffer, size); }
#endif

/// Lets the handshake see the answers. Returns false if libfuse refuses that.
bool watch_replies([[maybe_unused]] fuse_session* session) {
#if LIBFUSE_NEGOTIATES
  return true;
#else
  fuse_custom_io io{};
  io.writev = write_reply;
  io.read = read_request;
  return fuse_session_custom_io(session, &io, fuse_session_fd(session)) == 0;
#endif
}

}  // namespace

bool Loop::start(unsigned threads, bool may_spin) {
  if (!watch_replies(fs_.session)) return false;
  fs_.queue.start(fuse_session_fd(fs_.session), may_spin);

  struct sigaction nothing {};
  nothing.sa_handler = [](int) {};  // without SA_RESTART: the read ends
  sigaction(wake_up, &nothing, nullptr);
  for (unsigned i = 0; i < threads; ++i) {
    ++running_;
    threads_.emplace_back([this] { work(); });
  }
  return true;
}

void Loop::work() {
  const auto buffer = std::make_unique<char[]>(buffer_size);
  while (!stopping_) {
    const ssize_t size = fs_.queue.take(buffer.get(), buffer_size);
    if (size == 0) continue;
    if (size < 0) {
      if (size != -ENODEV && !stopping_) say("can't read requests: {}", explain(static_cast<int>(-size)));
      break;  // unmounted
    }
    fs_.handshake.read_request(buffer.get(), static_cast<std::size_t>(size));
    adapt_request(buffer.get(), static_cast<std::size_t>(size));
    fuse_buf request{};
    request.mem = buffer.get();
    request.size = static_cast<std::size_t>(size);
    fuse_session_process_buf(fs_.session, &request);
  }
  fs_.queue.hand_on();
  --running_;
  eventfd_write(ended_, 1);
}

void Loop::stop() {
  stopping_ = true;
  fs_.queue.stop();
  // A signal that arrives just before a thread begins to wait has no effect, so it is sent again.
  while (running_ != 0) {
    for (std::thread& thread : threads_) pthread_kill(thread.native_handle(), wake_up);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace devshmd
