// SPDX-License-Identifier: MIT
//
// The umask, without changing it: umask(2) reads it only by setting another one, which other threads would see.
// Async-signal-safe and thread-safe; errno stays as it was.
//
// What umask(2) has set is remembered with the process id, because a child of vfork shares this memory but not the
// mask. A thread that has a mask of its own (CLONE_FS, unshare(2)) is not told apart.
#pragma once

#include <sys/types.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// The mask as it was remembered, or else from /proc/thread-self/status (Linux 4.7); 022 where that does not say.
mode_t creation_mask();

/// After umask(2) has set this one.
void remember_creation_mask(mode_t mask);

}  // namespace devshm
