// SPDX-License-Identifier: MIT
//
// What a wrapper calls if this libc has no such function, for callers that absent_functions.h can't hide it from. If
// the function is a system call, the stand-in makes that call. If it is another function under a second name, or one
// with a check that the wrapper has already made, the stand-in is that function; musl lacks most of those.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// The stand-in for the libc function of this name; null if there is none. It has that function's prototype, and sets
/// errno as it would, to ENOSYS if the kernel lacks the call as well. None is a cancellation point. Async-signal-safe
/// and thread-safe.
void* stand_in(const char* name);

}  // namespace devshm
