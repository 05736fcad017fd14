// SPDX-License-Identifier: MIT
//
// Where a relative path starts: whether, from a working directory or a directory descriptor, it leads into /dev/shm.
#pragma once

#include "path_rule.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Judges any path: an absolute one by its text, a relative one also by the directory it starts in, `base` (a
/// descriptor, or AT_FDCWD). Only a relative path with a component "dev" or "shm" costs anything: one or two fstatat
/// calls, which compare the directory before that component with "/" or "/dev" by identity. No fchdir, no lock, no
/// /proc; async-signal-safe, thread-safe, errno untouched.
Verdict judge_from(int base, const char* path);

}  // namespace devshm
