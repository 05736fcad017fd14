// SPDX-License-Identifier: MIT
//
// Does what system() does, with a given environment.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// Lets /bin/sh run the command and waits for it. Returns what system() does: the status as for waitpid, or -1 and
/// errno. With glibc it is a cancellation point: the shell is then killed, and the signals are restored. Thread-safe;
/// not async-signal-safe.
int run_shell(const char* command, char* const* environment);

}  // namespace devshm
