// SPDX-License-Identifier: MIT
//
// Makes ROOT, with its lock file and the pool's directory. Async-signal-safe and thread-safe.
#pragma once

#include "names.h"

namespace devshm::store {

/// This user's.
Root own_root(const char* backing_dir);

/// Makes what is missing. 0, or a negative errno: -EPERM if the place is taken by a stranger, or open to one.
int make_root(const Root& root);

/// Removes all of it, where no keeper uses it any more, or nothing could be done with it.
void remove_root(const Root& root);

/// Whether this is one that a user by this number has for himself: a directory, his, that nobody else can write in. 0,
/// or a negative errno: -EPERM if something else is there. Nothing in it is to be used before: a stranger may have made
/// it, with a pool, a lock and a socket.
int look_at_root(const Root& root, uid_t user);

}  // namespace devshm::store
