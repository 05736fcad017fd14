// SPDX-License-Identifier: MIT
//
// What system() does, with an environment of one's own.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// Has /bin/sh run the command and waits for it. Returns what system() does: the status as for waitpid, or -1 and
/// errno. A cancellation point with glibc: the shell is then killed, and the signals are as before. Thread-safe; not
/// async-signal-safe.
int run_shell(const char* command, char* const* environment);

}  // namespace devshm
