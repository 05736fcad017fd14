// SPDX-License-Identifier: MIT
//
// The real functions: for each wrapper the next definition after ours in lookup order, in the version that libc
// gives by default. Other preload libraries that come after devshm are called as they would be without it.
//
// Looked up on first use, without a lock or an allocation, into a cache whose every store is the same value. So a
// wrapper may run before our constructors would, in a signal handler, in a vfork child, and inside malloc's set-up.
#pragma once

#include <atomic>

namespace [[gnu::visibility("hidden")]] devshm {

/// The next definition of `name`, or null. `late`: also in libraries loaded since the program started.
void* next_definition(const char* name, bool late);

/// The next definition in libc's oldest version, of a function that libc keeps as it was for programs linked long ago;
/// or null. Not for one that is an indirect function there.
void* oldest_definition(const char* name);

}  // namespace devshm
