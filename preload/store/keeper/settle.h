// SPDX-License-Identifier: MIT
//
// Makes a process out of what the program was started in: nothing of the program that needed the keeper is left in it.
#pragma once

namespace devshm::store {

/// Descriptors but the one that it reports by, working directory, umask, signals, limits, scheduling and capabilities.
/// 0, or a negative errno.
int settle();

/// How many descriptors the process may have, at most as many as there is a record for.
unsigned descriptor_limit();

}  // namespace devshm::store
