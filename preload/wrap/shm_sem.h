// SPDX-License-Identifier: MIT
//
// Gives the wrappers of sem_open, shm_open and their unlinks to programs that look up libc's own.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// `found` is what dlsym found for `name`. Returns the wrapper if that is the function that one of these wrappers
/// calls; otherwise `found`: another library's function of this name, or that of a libc in another namespace (dlmopen).
void* wrapper_instead(void* found, const char* name);

}  // namespace devshm
