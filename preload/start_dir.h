// SPDX-License-Identifier: MIT
//
// Finds out whether a relative path leads into /dev/shm from a working directory or a directory descriptor.
#pragma once

#include "path_rule.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Judges any path: an absolute one by its text, a relative one also by the directory it starts in, `base` (a
/// descriptor, or AT_FDCWD). Only a relative path with a component "dev" or "shm" costs system calls: one or two of
/// fstatat, which compare the directory before that component with "/" or "/dev" by identity. Uses no fchdir, no lock
/// and no /proc; async-signal-safe, thread-safe, errno untouched.
Verdict judge_from(int base, const char* path);

}  // namespace devshm
