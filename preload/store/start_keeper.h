// SPDX-License-Identifier: MIT
//
// Starts the keeper so that the process that starts it does not notice: the process has no child to wait for and gets
// no SIGCHLD, and the keeper keeps none of its descriptors, locks, pipes, terminals or signals.
//
// That takes two steps. A child without an exit signal, which wait(2) does not see, starts the keeper and ends at once;
// then init, or the next subreaper, adopts the keeper. (A direct child is not enough, because executing a program gives
// it an exit signal again.) Async-signal-safe and thread-safe.
#pragma once

#include "create_object.h"

namespace devshm::store {

/// The descriptor by which the keeper's program reports that it is ready, with an int: 0, or a negative errno.
inline constexpr int keeper_ready_fd = 3;

/// Its first argument. ROOT, the backing directory, and the number of idle seconds after which it ends follow.
inline constexpr char keeper_word[] = "--keep";
inline constexpr char keeper_name[] = "devshm-keeper";

/// Makes ROOT and starts the keeper, unless there is one, and waits for a bounded time until the pool has entries.
/// Returns 0, or a negative errno. After a failure it does not try again for some seconds.
int start_keeper(const Place& place, const Root& root);

}  // namespace devshm::store
