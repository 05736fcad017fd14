// SPDX-License-Identifier: MIT
#include "run_shell.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "../next_symbol.h"
#include "../sys.h"
#include "process_lock.h"

namespace devshm {
namespace {

constinit ProcessLock signals_lock;
int ignoring = 0;  // calls of system() that are under way
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

/// POSIX: SIGINT and SIGQUIT are ignored while the command runs, by the process as a whole, and SIGCHLD is blocked.
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

/// Waits as waitpid does. Not a cancellation point, as libc's system is: a cancelled thread would leave the signals
/// ignored and the child a zombie.
int wait_for(pid_t pid) {
  int status = -1;
  long result;
  do result = sys::call(SYS_wait4, pid, sys::word(&status), 0, 0);
  while (result == -EINTR);
  if (!sys::failed(result)) return status;
  errno = static_cast<int>(-result);
  return -1;
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
  const int error = NEXT_AS_RESULT(posix_spawn).get()(&pid, "/bin/sh", nullptr, &attributes, arguments, environment);
  constexpr int could_not_be_executed = 127 << 8;
  const int status = error ? could_not_be_executed : wait_for(pid);
  if (error) errno = error;

  posix_spawnattr_destroy(&attributes);
  bring_signals_back(mask);
  return status;
}

}  // namespace devshm
