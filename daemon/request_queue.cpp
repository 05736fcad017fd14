// SPDX-License-Identifier: MIT
#include "request_queue.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace devshmd {

void RequestQueue::start(int fd, bool may_spin) {
  fd_ = fd;
  may_spin_ = may_spin;
}

bool RequestQueue::has_token() const { return holder_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

bool RequestQueue::acquire() {
  if (has_token()) return true;
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [&] { return !taken_ || stopping_ || !policy_.pays(); });
  if (taken_ || stopping_ || !policy_.pays()) return false;
  taken_ = true;
  holder_ = std::this_thread::get_id();
  in_a_row_ = 0;
  since_load_ = load_interval;
  return true;
}

void RequestQueue::look_at_load() {
  if (++since_load_ < load_interval) return;
  since_load_ = 0;
  policy_.saw_load(load_.is_too_high(), Clock::now());
}

void RequestQueue::hand_on() {
  if (!has_token()) return;
  if (!policy_.pays()) hold_.release();
  {
    const std::lock_guard lock(mutex_);
    taken_ = false;
    holder_ = std::thread::id();
  }
  if (policy_.pays())
    freed_.notify_one();
  else
    freed_.notify_all();
}

void RequestQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  freed_.notify_all();
}

bool RequestQueue::is_ready(int timeout_ms) const {
  pollfd wanted{fd_, POLLIN, 0};
  return poll(&wanted, 1, timeout_ms) > 0;
}

/// With the token: spins for a request, and holds processors awake if there have been many.
void RequestQueue::await() {
  look_at_load();
  if (!policy_.pays()) return hand_on();
  if (is_ready(0)) {
    ++in_a_row_;
    return;
  }
  in_a_row_ = 0;
  if (policy_.is_busy()) hold_.hold();
  const auto start = Clock::now();
  bool found = false;
  while (!found && Clock::now() - start < SpinPolicy::longest_spin) found = is_ready(0);
  policy_.spun(start, Clock::now());
  if (!found && hold_.held() && !is_ready(silence_ms)) hold_.release();
  if (!policy_.pays()) hand_on();
}

ssize_t RequestQueue::receive(void* buffer, std::size_t size) {
  const ssize_t got = read(fd_, buffer, size);
  // ENOENT: the request was interrupted while it was read.
  if (got < 0) return errno == EINTR || errno == EAGAIN || errno == ENOENT ? 0 : -errno;
  return got;
}

ssize_t RequestQueue::take(void* buffer, std::size_t size) {
  if (!may_spin_) return receive(buffer, size);
  idle_since_ = Clock::now().time_since_epoch().count();
  if (!policy_.pays()) hand_on();
  if (policy_.pays() && acquire()) await();
  const ssize_t got = receive(buffer, size);
  const auto now = Clock::now();
  policy_.came_after(now.time_since_epoch() - Clock::duration(idle_since_.load()), now);
  // `await` may have passed the token on; then `in_a_row_` belongs to another thread.
  if (has_token() &&
      (!policy_.pays() || got <= 0 || static_cast<std::size_t>(got) > large_request || in_a_row_ >= longest_row))
    hand_on();
  return got;
}

}  // namespace devshmd
