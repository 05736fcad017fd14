// SPDX-License-Identifier: MIT
//
// system and popen. The shell gets `environ`; only where that has lost the overlay (clearenv, unsetenv("LD_PRELOAD"),
// another array) is anything done. The text of the command is never looked at.
//
//   system  is done here, with the completed environment. To lend libc's own an `environ` for as long as the command
//           runs would be worse: what another thread does to the environment meanwhile would be lost.
//   popen   can't be done here, because pclose knows only libc's own streams. For the moment that libc needs to start
//           the shell, `environ` points to a completed array. It lies in memory that is never given back, so a thread
//           that is reading the environment in that moment goes on undisturbed; what one writes to the array in place
//           (unsetenv, putenv of a variable that is there) is lost, and a new array made from it (setenv) stays.
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../child_environment.h"
#include "../sys.h"
#include "../text.h"
#include "wrapper.h"

extern "C" FILE* _IO_popen(const char*, const char*);

namespace {

using devshm::ChildEnvironment;

/// Held for moments, by functions that may block anyway. A process forked meanwhile by another thread takes over the
/// lock of the thread that it has not got.
class Lock {
 public:
  void lock() {
    const int self = devshm::sys::getpid();
    for (int holder = 0; !holder_.compare_exchange_weak(holder, self, std::memory_order_acquire);) {
      if (holder == self) {
        devshm::sys::call(SYS_sched_yield);
        holder = 0;
      }
    }
  }
  void unlock() { holder_.store(0, std::memory_order_release); }

 private:
  std::atomic<int> holder_{0};
};

// --- system ---

constinit Lock signals_lock;
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
  devshm::sys::call(SYS_rt_sigprocmask, how, devshm::sys::word(&mask), devshm::sys::word(before), kernel_size);
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
  do result = devshm::sys::call(SYS_wait4, pid, devshm::sys::word(&status), 0, 0);
  while (result == -EINTR);
  if (!devshm::sys::failed(result)) return status;
  errno = static_cast<int>(-result);
  return -1;
}

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

// --- popen ---

constinit Lock environ_lock;

/// The array that was lent last, and its size in bytes with the texts. Used again while it is still right: a program
/// that calls popen now and then is not to lose a page each time.
constinit std::atomic<char**> last_lent{nullptr};
std::size_t last_size = 0;

/// The program's own `environ`: where another thread has lent one, once it has taken it back.
char** own_environ() {
  char** const seen = environ;
  if (!seen || seen != last_lent.load(std::memory_order_relaxed)) return seen;
  environ_lock.lock();
  char** const own = environ;
  environ_lock.unlock();
  return own;
}

bool is_within(const char* text, char** array, std::size_t size) {
  return text >= reinterpret_cast<char*>(array) && text < reinterpret_cast<char*>(array) + size;
}

bool is_still_right(char** lent, char** wanted, std::size_t size) {
  if (!lent || size != last_size) return false;
  std::size_t i = 0;
  for (; wanted[i] && lent[i]; ++i) {
    const bool made = is_within(wanted[i], wanted, size) && is_within(lent[i], lent, size);
    if (made ? !devshm::same(wanted[i], lent[i]) : wanted[i] != lent[i]) return false;
  }
  return wanted[i] == lent[i];
}

/// The completed `environ`, in memory that stays; null if there is none to be had.
char** environ_to_lend(const ChildEnvironment& child) {
  void* const aside = alloca(child.size());
  char** const wanted = child.build(aside);
  char** const lent = last_lent.load(std::memory_order_relaxed);
  if (is_still_right(lent, wanted, child.size())) return lent;
  void* const memory = devshm::sys::allocate(child.size());
  if (!memory) return nullptr;
  char** const fresh = child.build(memory);
  last_lent.store(fresh, std::memory_order_relaxed);
  last_size = child.size();
  return fresh;
}

template <class Next>
[[gnu::cold, gnu::noinline]] FILE* open_with_environ(Next next, const char* command, const char* mode) {
  environ_lock.lock();
  char** const own = environ;
  const ChildEnvironment child(own);
  char** const completed = child.is_complete() ? nullptr : environ_to_lend(child);
  if (completed) environ = completed;
  FILE* const stream = next.get()(command, mode);
  if (completed && environ == completed) environ = own;
  environ_lock.unlock();
  return stream;
}

template <class Next>
FILE* open_command(Next next, const char* command, const char* mode) {
  if (ChildEnvironment(own_environ()).is_complete()) return next.get()(command, mode);
  return open_with_environ(next, command, mode);
}

}  // namespace

EXPORT int system(const char* command) {
  const ChildEnvironment child(own_environ());
  if (child.is_complete() || !command) return NEXT(system).get()(command);
  void* const memory = alloca(child.size());
  return run_shell(command, child.build(memory));
}

EXPORT FILE* popen(const char* command, const char* mode) { return open_command(NEXT(popen), command, mode); }

// An exported alias in glibc.
EXPORT FILE* _IO_popen(const char* command, const char* mode) { return open_command(NEXT(_IO_popen), command, mode); }
