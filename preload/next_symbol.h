// SPDX-License-Identifier: MIT
//
// Finds the real functions: for each wrapper the next definition after ours in lookup order, in libc's default version.
// So preload libraries that come after devshm are called as they would be without it.
//
// They are looked up on first use, without a lock or an allocation, and cached; concurrent lookups store the same
// value. So a wrapper may run before our constructors would, in a signal handler, in a vfork child, and inside malloc's
// set-up.
#pragma once

#include <atomic>

namespace [[gnu::visibility("hidden")]] devshm {

/// The next definition of `name`, or null. `late`: also in libraries loaded since the program started.
void* next_definition(const char* name, bool late);

/// The next definition in libc's oldest version, for a function that libc keeps unchanged for programs linked long ago;
/// or null. Does not support indirect functions.
void* oldest_definition(const char* name);

}  // namespace devshm
