// SPDX-License-Identifier: MIT
//
// The umask, without changing it: umask(2) reads it only by setting another one, which other threads would see.
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <sys/types.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// From /proc/self/status (Linux 4.7); 022 where that does not say.
mode_t creation_mask();

}  // namespace devshm
