// SPDX-License-Identifier: MIT
//
// Makes ROOT, with its lock file and the pool's directory. Async-signal-safe and thread-safe.
#pragma once

#include "kernel.h"
#include "names.h"

namespace devshm::store {

/// The store of this user.
Root own_root(const char* backing_dir, uid_t user = sys::geteuid());

/// Makes what is missing. Returns 0, or a negative errno: -EPERM if another user owns the directory or can write to it.
int make_root(const Root& root);

/// Removes all of it, where no keeper uses it any more, or nothing could be done with it.
void remove_root(const Root& root);

/// Whether a file of the store could get this name, which starts at the descriptor `dir`. If it is on another mount
/// than ROOT, it belongs to another mount namespace, as do the names there: the store that they mean has the same path
/// there.
bool reaches(const Root& root, int dir, const char* name);

/// Whether this is a directory that belongs to the user and that nobody else can write to. 0, or a negative errno:
/// -EPERM if something else is there. Nothing in it is to be used before: a stranger may have made it, with a pool, a
/// lock and a socket.
int look_at_root(const Root& root, uid_t user);

}  // namespace devshm::store
