// SPDX-License-Identifier: MIT
//
// Asks a keeper by its socket. Needed only where a look at the names is not enough: the pool is empty, or the object
// is another user's, or its keeper's process is in another namespace. Waits for a bounded time. Async-signal-safe and
// thread-safe.
#pragma once

#include "link_token.h"
#include "names.h"

namespace devshm::store {

/// Whether somebody listens.
bool answers(const Root& root);

/// Has the pool filled. 0, or a negative errno: -ENOSPC if the keeper can hold no more.
int ask_for_refill(const Root& root);

/// Asks for a descriptor of an object, with open(2)'s flags of which O_ACCMODE, O_APPEND, O_PATH and O_CLOEXEC count.
/// Returns it, or a negative errno: -EACCES where the object's mode says so or the token is wrong, -ENOENT if there is
/// no such object, -ECONNREFUSED if there is no keeper, -ETIMEDOUT. What came is still to be compared with the object's
/// name.
int ask_for_object(const Root& root, const ObjectName& object, int flags, LinkToken token);

}  // namespace devshm::store
