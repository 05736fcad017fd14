// SPDX-License-Identifier: MIT
//
// Finds out how much memory there is: the machine's, or less if a control group has a limit (cgroup.h).
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include "amount.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// The memory of the machine, from /proc/meminfo. The kernel takes half of it for a tmpfs without a size. Without /proc
/// it is no_limit.
Bytes machine_memory();

/// The memory of the machine, or the limit of the container where that is less. It is the same in all processes of a
/// container, and stays the same as long as nobody changes the limit.
Bytes total_memory();

/// What can be used now without swapping or ending a process: MemAvailable (proc(5)), or less if the limits of control
/// groups leave less.
Bytes available_memory();

/// An amount in bytes; a percentage is one of total_memory().
Bytes bytes_of(const Amount& amount);

}  // namespace devshm
