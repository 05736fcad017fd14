// SPDX-License-Identifier: MIT
//
// Removes a name whose object is gone, as all objects of a dead keeper are, so that it can be used again.
// Async-signal-safe and thread-safe.
#pragma once

#include "names.h"

namespace devshm::store {

/// Removes `path` if it is a link of a store that leads nowhere, with a lock held exclusively: that of the link's
/// store, or for another user's link that of our own one. Anything else that has the name by now stays. Returns 0, or a
/// negative errno: -EAGAIN if the lock was busy, -EXDEV if the store is not reached from here, or the error of
/// unlink(2).
int remove_stale_name(const Root& own, const char* path);

}  // namespace devshm::store
