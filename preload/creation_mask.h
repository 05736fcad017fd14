// SPDX-License-Identifier: MIT
//
// Reads the umask without changing it: umask(2) returns it only by setting another one, which other threads would see.
// Async-signal-safe and thread-safe; errno stays as it was.
//
// What umask(2) has set is remembered with the process id, because a child of vfork shares this memory but not the
// mask. Threads with masks of their own (CLONE_FS, unshare(2)) are not distinguished.
#pragma once

#include <sys/types.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// The remembered mask, or else the one in /proc/thread-self/status (Linux 4.7); 022 if that can't be read.
mode_t creation_mask();

/// Remembers the mask that umask(2) has just set.
void remember_creation_mask(mode_t mask);

}  // namespace devshm
