// SPDX-License-Identifier: MIT
//
// What system() does, with an environment of one's own.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// Has /bin/sh run the command and waits for it. Returns what system() does: the status as for waitpid, or -1 and
/// errno. Thread-safe; not async-signal-safe, and not a cancellation point.
int run_shell(const char* command, char* const* environment);

}  // namespace devshm
