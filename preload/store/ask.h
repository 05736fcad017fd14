// SPDX-License-Identifier: MIT
//
// Asks a keeper through its socket. That is needed only if the names are not enough: the pool is empty, the object
// belongs to another user, or its keeper's process is in another namespace. Waits for a bounded time. Async-signal-safe
// and thread-safe.
#pragma once

#include "kernel.h"
#include "link_token.h"
#include "names.h"

namespace devshm::store {

/// Whether a keeper listens there, however busy it is.
bool answers(const Root& root);

/// Asks for the pool to be filled. Returns 0, or a negative errno: -ENOSPC if the keeper can hold no more.
int ask_for_refill(const Root& root);

/// Asks for a descriptor of an object, with open(2)'s flags of which O_ACCMODE, O_APPEND, O_PATH and O_CLOEXEC count.
/// Returns it, or a negative errno: -EACCES if the object's mode does not allow it or the token is wrong, -ENOENT if
/// there is no such object, -ECONNREFUSED if there is no keeper, -ETIMEDOUT. The caller still has to compare the
/// descriptor with the object's name.
int ask_for_object(const Root& root, const ObjectName& object, int flags, LinkToken token, sys::Patience& patience);

}  // namespace devshm::store
