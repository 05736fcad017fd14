// SPDX-License-Identifier: MIT
#include "run_shell.h"

#include <signal.h>
#include <spawn.h>

#include "../sys.h"
#include "cancellable_wait.h"
#include "process_lock.h"
#include "wrapper.h"

namespace devshm {
namespace {

constinit ProcessLock signals_lock;
int ignoring = 0;  // the number of running calls of system()
struct sigaction kept_int, kept_quit;

/// A set of up to two signals; 0 is none. Every libc keeps a set as the kernel does, a bit for each signal.
sigset_t set_of(int first, int second) {
  sigset_t set{};
  const auto bit = [](int signal) { return signal ? 1ul << (signal - 1) : 0ul; };
  const unsigned long bits = bit(first) | bit(second);
  __builtin_memcpy(&set, &bits, sizeof bits);
  return set;
}

void change_mask(int how, const sigset_t& mask, sigset_t* before) {
  constexpr long kernel_size = 8;
  sys::call(SYS_rt_sigprocmask, how, sys::word(&mask), sys::word(before), kernel_size);
}

/// As POSIX demands, the whole process ignores SIGINT and SIGQUIT while the command runs, and SIGCHLD is blocked.
void set_signals_aside(sigset_t& kept_mask, sigset_t& ignored_before) {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  signals_lock.lock();
  if (ignoring++ == 0) {
    sigaction(SIGINT, &ignore, &kept_int);
    sigaction(SIGQUIT, &ignore, &kept_quit);
  }
  ignored_before = set_of(kept_int.sa_handler != SIG_IGN ? SIGINT : 0, kept_quit.sa_handler != SIG_IGN ? SIGQUIT : 0);
  signals_lock.unlock();

  const sigset_t child = set_of(SIGCHLD, 0);
  change_mask(SIG_BLOCK, child, &kept_mask);
}

void bring_signals_back(const sigset_t& kept_mask) {
  signals_lock.lock();
  if (--ignoring == 0) {
    sigaction(SIGINT, &kept_int, nullptr);
    sigaction(SIGQUIT, &kept_quit, nullptr);
  }
  signals_lock.unlock();
  change_mask(SIG_SETMASK, kept_mask, nullptr);
}

/// Cleans up for a thread that is cancelled while the command runs, as glibc's own system does.
void end_shell(const WaitCleanup& cleanup) {
  sys::call(SYS_kill, cleanup.child, SIGKILL);
  while (sys::call(SYS_wait4, cleanup.child, 0, 0, 0) == -EINTR) continue;
  sigset_t mask{};
  __builtin_memcpy(&mask, &cleanup.signal_mask, sizeof cleanup.signal_mask);
  bring_signals_back(mask);
}

/// A cancellation point, as system() is (POSIX).
int wait_for_shell(pid_t shell, const sigset_t& mask) {
  WaitCleanup cleanup{.run = end_shell, .child = shell, .signal_mask = 0};
  __builtin_memcpy(&cleanup.signal_mask, &mask, sizeof cleanup.signal_mask);
  return wait_for_child(cleanup);
}

}  // namespace

int run_shell(const char* command, char* const* environment) {
  sigset_t mask{}, to_default;
  set_signals_aside(mask, to_default);

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &mask);
  posix_spawnattr_setsigdefault(&attributes, &to_default);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);

  char* const arguments[] = {const_cast<char*>("sh"), const_cast<char*>("-c"), const_cast<char*>("--"),
                             const_cast<char*>(command), nullptr};
  pid_t pid;
  const int error =
      NEXT_FAILING_WITH(posix_spawn, error_number)(&pid, "/bin/sh", nullptr, &attributes, arguments, environment);
  constexpr int could_not_be_executed = 127 << 8;
  const int status = error ? could_not_be_executed : wait_for_shell(pid, mask);
  if (error) errno = error;

  posix_spawnattr_destroy(&attributes);
  bring_signals_back(mask);
  return status;
}

}  // namespace devshm
