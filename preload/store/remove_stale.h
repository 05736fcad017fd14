// SPDX-License-Identifier: MIT
//
// Removes a name whose object is gone, as all of a dead keeper's are, so that it can be given again.
// Async-signal-safe and thread-safe.
#pragma once

#include "names.h"

namespace devshm::store {

/// Removes `path` if it is a link of a store that leads nowhere, with a lock held exclusively: that of the link's
/// store, or for another user's link that of our own one. What is anything else by now stays. 0, or a negative errno:
/// -EAGAIN if the lock was busy, or what unlink(2) said.
int remove_stale_name(const Root& own, const char* path);

}  // namespace devshm::store
