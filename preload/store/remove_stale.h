// SPDX-License-Identifier: MIT
//
// Removes a name whose object is gone, as all of a dead keeper's are, so that it can be given again.
// Async-signal-safe and thread-safe.
#pragma once

namespace devshm::store {

/// Removes `path` if it is a link of the store that leads nowhere, with the lock of that link's store held exclusively.
/// What is anything else by now stays. 0, or a negative errno: -EAGAIN if the lock was busy, or what unlink(2) said.
int remove_stale_name(const char* path);

}  // namespace devshm::store
