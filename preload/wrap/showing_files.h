// SPDX-License-Identifier: MIT
//
// With DEVSHM_STORE=memory: functions that show an object of the memory store as the regular file that it stands for,
// also where its name is given relative to a directory, so that no letter of it says /dev/shm.
//
// They take the place of libc's functions when those are looked up. So with DEVSHM_STORE=disk nothing is in the way.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// What to call for libc's function of this name: one that calls `real` and does what shown_calls.h says, or `real`
/// itself where there is nothing to do.
void* showing_files(const char* name, void* real);

/// libc's own syscall(), for system calls that have nothing to do with files: `found` is what showing_files() has
/// returned for it.
void* without_showing(void* found);

}  // namespace devshm
