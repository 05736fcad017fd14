// SPDX-License-Identifier: MIT
//
// With DEVSHM_STORE=memory: provides functions that show an object of the memory store as a regular file, even where
// its name is given relative to a directory, so that the text does not show that it is in /dev/shm.
//
// They replace libc's functions when those are looked up. So with DEVSHM_STORE=disk they cost nothing.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// The function to call for libc's function of this name: one that calls `real` and does what shown_calls.h says, or
/// `real` itself where there is nothing to do.
void* showing_files(const char* name, void* real);

/// libc's own syscall(), for system calls that do not concern files. `found` is what showing_files() has returned for
/// it.
void* without_showing(void* found);

}  // namespace devshm
