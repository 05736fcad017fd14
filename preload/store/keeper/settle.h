// SPDX-License-Identifier: MIT
//
// Detaches the keeper's process from the program that started it, so that it keeps nothing of that program.
#pragma once

namespace devshm::store {

/// Resets descriptors (except the one that it reports by), working directory, umask, signals, limits, scheduling and
/// capabilities. Returns 0, or a negative errno.
int settle();

/// How many descriptors the process may have, and no more than can be recorded.
unsigned descriptor_limit();

}  // namespace devshm::store
