// SPDX-License-Identifier: MIT
//
// glibc cancels a thread by unwinding its stack, and calls each frame's personality routine on the way. The frame that
// waits has its own routine here, which looks up by the thread's id what to do. (C++ code would need
// __gxx_personality_v0 of libstdc++, C code with cleanups __gcc_personality_v0 of libgcc_s.)
#include "cancellable_wait.h"

#include <errno.h>
#include <sys/wait.h>

#include <cstdint>

#include "../sys.h"
#include "gnu_libc.h"
#include "process_lock.h"
#include "wrapper.h"

namespace devshm {
namespace {

struct Waiting {
  int thread;  // 0: free
  WaitCleanup cleanup;
};

constinit ProcessLock waiting_lock;
constinit Waiting waiting[32]{};

/// Returns whether there was a free entry. One that this thread has left behind by longjmp is used again.
bool keep(const WaitCleanup& cleanup) {
  const int self = sys::gettid();
  Waiting* entry = nullptr;
  waiting_lock.lock();
  for (Waiting& candidate : waiting)
    if (candidate.thread == self || (candidate.thread == 0 && !entry)) entry = &candidate;
  if (entry) *entry = {self, cleanup};
  waiting_lock.unlock();
  return entry;
}

/// Removes this thread's entry. `run` is null if there is none.
WaitCleanup take() {
  const int self = sys::gettid();
  WaitCleanup cleanup{};
  waiting_lock.lock();
  for (Waiting& candidate : waiting) {
    if (candidate.thread != self) continue;
    cleanup = candidate.cleanup;
    candidate.thread = 0;
  }
  waiting_lock.unlock();
  return cleanup;
}

/// _URC_CONTINUE_UNWIND of the Itanium C++ ABI, section 1.4.
constexpr int continue_unwind = 8;

}  // namespace

/// The personality routine (Itanium C++ ABI, section 1.3.2). It is called only for unwinding: nothing below the frame
/// throws.
extern "C" [[gnu::used]] int devshm_wait_cancelled(int, int, std::uint64_t, void*, void*) {
  const WaitCleanup cleanup = take();
  if (cleanup.run) cleanup.run(cleanup);
  return continue_unwind;
}

namespace {

[[gnu::noinline]] pid_t wait_with_personality(pid_t child, int* status) {
  asm volatile(".cfi_personality 0x1b, devshm_wait_cancelled");  // 0x1b: PC-relative, four bytes
  pid_t result = NEXT(waitpid)(child, status, 0);
  asm volatile("" : "+r"(result));  // no tail call: the frame must exist
  return result;
}

pid_t wait_without(pid_t child, int* status) {
  const long result = sys::call(SYS_wait4, child, sys::word(status), 0, 0);
  if (!sys::failed(result)) return static_cast<pid_t>(result);
  errno = static_cast<int>(-result);
  return -1;
}

}  // namespace

int wait_for_child(const WaitCleanup& cleanup) {
  const bool is_kept = is_gnu_libc() && keep(cleanup);
  const auto wait = is_kept ? wait_with_personality : wait_without;
  int status = -1;
  const int before = errno;
  pid_t result;
  do result = wait(cleanup.child, &status);
  while (result == -1 && errno == EINTR);
  if (is_kept) take();
  if (result == -1) return -1;
  errno = before;
  return status;
}

}  // namespace devshm
