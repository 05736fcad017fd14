// SPDX-License-Identifier: MIT
#include "twin.h"

#include <errno.h>
#include <sys/prctl.h>

#include "../kernel.h"

namespace devshm::store {
namespace {

constexpr std::uint64_t bit_of(int signal) { return std::uint64_t{1} << (signal - 1); }
constexpr std::uint64_t child_signal = bit_of(SIGCHLD);
constexpr std::uint64_t death_signal = bit_of(SIGUSR1);

void wait_for_death_of(int keeper) {
  sys::call(SYS_prctl, PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
  while (sys::call(SYS_getppid) == keeper) {
    const long result = sys::call(SYS_rt_sigtimedwait, sys::word(&death_signal), 0, 0, sizeof death_signal);
    if (result < 0 && result != -EINTR) sys::sleep_microseconds(sys::refused_microseconds);
  }
}

}  // namespace

int Twin::begin() {
  const std::uint64_t both = child_signal | death_signal;
  sys::call(SYS_rt_sigprocmask, SIG_BLOCK, sys::word(&both), 0, sizeof both);
  signals_ = static_cast<int>(
      sys::call(SYS_signalfd4, -1, sys::word(&child_signal), sizeof child_signal, O_NONBLOCK | O_CLOEXEC));
  return signals_ < 0 ? signals_ : 0;
}

Twin::Side Twin::start() {
  const int keeper = sys::getpid();
  // If a filter refuses one of these calls, a twin would take the keeper for dead at once, and start one of its own.
  if (keeper < 0 || sys::call(SYS_getppid) < 0) return Side::keeper;
  const long child = sys::call(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    process_ = 0;
    wait_for_death_of(keeper);
    return Side::twin;
  }
  process_ = child > 0 ? static_cast<int>(child) : 0;
  return Side::keeper;
}

void Twin::reap() {
  char information[128];
  while (sys::read(signals_, information, sizeof information) > 0) {
  }
  for (;;) {
    const long ended = sys::call(SYS_wait4, -1, 0, WNOHANG, 0);
    if (ended <= 0) return;
    if (ended == process_) process_ = 0;
  }
}

void Twin::end() {
  if (process_ <= 0) return;
  sys::call(SYS_kill, process_, SIGKILL);
  while (sys::call(SYS_wait4, process_, 0, 0, 0) == -EINTR) {
  }
  process_ = 0;
}

}  // namespace devshm::store
