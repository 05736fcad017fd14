// SPDX-License-Identifier: MIT
//
// Starts the keeper so that the process it is started from does not notice: it has no child to wait for and gets no
// SIGCHLD, and the keeper keeps none of its descriptors, locks, pipes, terminals or signals.
//
// That takes two steps. A child that has no exit signal, which wait(2) does not see, starts the keeper and ends at
// once; the keeper belongs to nobody then, and init, or the next subreaper, adopts it. (A direct child does not do:
// executing a program gives it an exit signal again.) Async-signal-safe and thread-safe.
#pragma once

#include "create_object.h"

namespace devshm::store {

/// Where the keeper's program says that it is ready, with an int: 0, or a negative errno.
inline constexpr int keeper_ready_fd = 3;

/// Its arguments behind its name: this word, ROOT, the backing directory, and after how many idle seconds it ends.
inline constexpr char keeper_word[] = "--keep";
inline constexpr char keeper_name[] = "devshm-keeper";

/// Makes ROOT and starts the keeper, unless there is one, and waits for a bounded time until the pool has entries. 0,
/// or a negative errno. After a failure it does not try again for some seconds.
int start_keeper(const Place& place, const Root& root);

}  // namespace devshm::store
