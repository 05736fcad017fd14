// SPDX-License-Identifier: MIT
//
// A call whose path lies in the overlay, with DEVSHM_STORE=memory: what the function would do with a regular file is
// done with an object of the memory store (memory.h). What is not for the store is called as ever.
//
// Async-signal-safe and thread-safe, like the function that is called.
#pragma once

#include "call.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Makes the call, whose words have the rewritten paths in them; `path` is the first of them. Returns what the function
/// would return.
[[gnu::cold]] long invoke_for_memory(const Call& call, const Function& function, const PathArg& path,
                                     const Words& words);

}  // namespace devshm
