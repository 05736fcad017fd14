// SPDX-License-Identifier: MIT
//
// What a wrapper calls where this libc has no such function, for all callers that absent_functions.h can't hide it
// from. A function that is a system call makes it. One that is another function under a second name, or with a check
// that the wrapper has already made, is that one; musl lacks most of those.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// The stand-in for the libc function of this name; null if there is none. It has that function's prototype, and sets
/// errno as it would; where the kernel does not have the call, either, that is ENOSYS. None is a cancellation point.
/// Async-signal-safe and thread-safe.
void* stand_in(const char* name);

}  // namespace devshm
