// SPDX-License-Identifier: MIT
//
// Waiting for a child as a cancellation point, in a library that is built without exceptions.
#pragma once

#include <sys/types.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// What is to be done for a thread that is cancelled while it waits. Plain values: a thread may also leave its stack
/// by longjmp, and what is kept for it must not point there.
struct WaitCleanup {
  void (*run)(const WaitCleanup& cleanup);
  pid_t child;
  unsigned long signal_mask;  ///< of the thread, as the kernel keeps it: a bit for each signal
};

/// Waits for `cleanup.child` by libc's waitpid(2). If the thread is cancelled meanwhile (or ends itself in a signal
/// handler), `cleanup.run` is called in that thread, with signals and stack as they are then, before the thread's own
/// cleanup handlers. With musl, or with more waiting threads than can be kept track of (32), it is no cancellation
/// point.
///
/// Returns the child's status, or -1 with errno. Continues after EINTR. Thread-safe; not async-signal-safe.
int wait_for_child(const WaitCleanup& cleanup);

}  // namespace devshm
