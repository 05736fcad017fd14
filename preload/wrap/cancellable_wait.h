// SPDX-License-Identifier: MIT
//
// Waits for a child at a cancellation point, in a library that is built without exceptions.
#pragma once

#include <sys/types.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// What to do if a thread is cancelled while it waits. These are plain values, because a thread may also leave by
/// longjmp, and what is kept for it must not point into its stack.
struct WaitCleanup {
  void (*run)(const WaitCleanup& cleanup);
  pid_t child;
  unsigned long signal_mask;  ///< the thread's, as the kernel keeps it: a bit for each signal
};

/// Waits for `cleanup.child` with libc's waitpid(2). If the thread is cancelled meanwhile (or ends itself in a signal
/// handler), `cleanup.run` is called in that thread, with its signals and stack at that time, before the thread's own
/// cleanup handlers. With musl, or with more waiting threads than can be recorded (32), it is not a cancellation point.
///
/// Returns the child's status, or -1 with errno. Continues after EINTR. Thread-safe; not async-signal-safe.
int wait_for_child(const WaitCleanup& cleanup);

}  // namespace devshm
