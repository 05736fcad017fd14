// SPDX-License-Identifier: MIT
//
// Makes the memory store's system calls that sys.h lacks, straight to the kernel in the same way.
//
// Nothing in this folder calls libc, and the compiler must not do so either: the keeper's program has no libc. Every
// function here is async-signal-safe and thread-safe, and returns a result or a negative errno.
#pragma once

#include <errno.h>
#include <linux/memfd.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "../sys.h"

namespace devshm::sys {

inline int ftruncate(int fd, long size) { return static_cast<int>(call(SYS_ftruncate, fd, size)); }
inline int truncate(const char* path, long size) { return static_cast<int>(call(SYS_truncate, word(path), size)); }
inline int fcntl(int fd, int command, long argument) {
  return static_cast<int>(call(SYS_fcntl, fd, command, argument));
}
inline int dup3(int from, int to, int flags) { return static_cast<int>(call(SYS_dup3, from, to, flags)); }
inline int unlink(const char* path) { return static_cast<int>(call(SYS_unlinkat, AT_FDCWD, word(path), 0)); }
inline int unlinkat(int dir, const char* path, int flags) {
  return static_cast<int>(call(SYS_unlinkat, dir, word(path), flags));
}
inline int link(const char* from, const char* to) {
  return static_cast<int>(call(SYS_linkat, AT_FDCWD, word(from), AT_FDCWD, word(to), 0));
}
inline int rename(const char* from, const char* to) {
  return static_cast<int>(call(SYS_renameat2, AT_FDCWD, word(from), AT_FDCWD, word(to), 0));
}
inline long readlinkat(int dir, const char* path, char* out, std::size_t size) {
  return call(SYS_readlinkat, dir, word(path), word(out), static_cast<long>(size));
}
inline int memfd_create(const char* name, unsigned flags) {
  return static_cast<int>(call(SYS_memfd_create, word(name), flags));
}
/// Makes memory whose content can be executed.
inline int executable_memfd(const char* name, unsigned flags = MFD_CLOEXEC) {
  constexpr unsigned executable = 0x10;  // MFD_EXEC, Linux 6.3; before, every memfd was
  const int made = memfd_create(name, flags | executable);
  return made == -EINVAL ? memfd_create(name, flags) : made;
}
/// The kernel subtracts the time that it has waited from `limit`.
inline int poll(struct pollfd* of, unsigned count, struct timespec& limit) {
  return static_cast<int>(call(SYS_ppoll, word(of), count, word(&limit), 0, 8));
}
inline struct timespec milliseconds(long count) { return {count / 1000, count % 1000 * 1000000}; }
inline void sleep_microseconds(long microseconds) {
  struct timespec span = {microseconds / 1000000, microseconds % 1000000 * 1000};
  call(SYS_nanosleep, word(&span), 0);
}
/// How long a process waits before it makes a call again that was refused, although it was to wait.
inline constexpr long refused_microseconds = 50000;
inline long monotonic_milliseconds() {
  struct timespec now = {0, 0};
  sys::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/// Ends the process, even if a filter refuses exit_group(2).
[[noreturn]] inline void end_process(int status) {
  call(SYS_exit_group, status);
  call(SYS_exit, status);
  __builtin_trap();
}

/// The time that a call may wait, with all of its waits together. It counts what each wait took instead of reading a
/// clock, which a filter may refuse.
class Patience {
 public:
  explicit Patience(long most_milliseconds) : left_(most_milliseconds * 1000) {}
  /// Waits for input, or for its end. Returns 0, or a negative errno: -ETIMEDOUT after the time.
  int wait_for_input(int fd) {
    struct pollfd readable = {fd, POLLIN, 0};
    struct timespec left = {left_ / 1000000, left_ % 1000000 * 1000};
    int ready;
    do ready = poll(&readable, 1, left);
    while (ready == -EINTR);
    left_ = left.tv_sec * 1000000 + left.tv_nsec / 1000;
    return ready > 0 ? 0 : ready == 0 ? -ETIMEDOUT : ready;
  }
  /// Waits a little for something that nobody reports. Returns false at once when the time is over. The steps grow: a
  /// thousand waiting processes must not keep the one that they wait for from running.
  bool wait() {
    if (left_ <= 0) return false;
    sleep_microseconds(step_);
    left_ -= step_;
    if (step_ < longest_step) step_ *= 2;
    return true;
  }

 private:
  static constexpr long longest_step = 10000;
  long step_ = 100;
  long left_;
};

/// Spreads a number over all of its bits.
inline std::uint64_t mixed(std::uint64_t number) {
  for (int round = 0; round < 3; ++round) number = (number ^ number >> 31) * 0x9e3779b97f4a7c15u;
  return number;
}

/// 64 random bits.
inline std::uint64_t random_word() {
  std::uint64_t out = 0;
  if (call(SYS_getrandom, word(&out), sizeof out, 1 /* GRND_NONBLOCK */) == sizeof out) return out;
  struct timespec now = {0, 0};  // there is no getrandom(2), or the machine has just started and has nothing random yet
  sys::clock_gettime(CLOCK_MONOTONIC, &now);
  out = static_cast<std::uint64_t>(word(&out)) ^ static_cast<std::uint64_t>(now.tv_nsec) << 34;
  out ^= static_cast<std::uint64_t>(now.tv_sec) << 20 ^ static_cast<std::uint64_t>(gettid());
  return mixed(out);
}

/// Blocks all signals of the thread as long as this object exists.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    const std::uint64_t all = ~std::uint64_t{0};
    call(SYS_rt_sigprocmask, SIG_SETMASK, word(&all), word(&before_), sizeof all);
  }
  ~SignalsBlocked() { call(SYS_rt_sigprocmask, SIG_SETMASK, word(&before_), 0, sizeof before_); }
  SignalsBlocked(const SignalsBlocked&) = delete;

 private:
  std::uint64_t before_ = 0;
};

}  // namespace devshm::sys
