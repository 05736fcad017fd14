// SPDX-License-Identifier: MIT
//
// Adds up what the objects of a store take. Async-signal-safe and thread-safe.
#pragma once

#include "names.h"

namespace devshm::store {

struct Usage {
  unsigned long long size = 0;      ///< the lengths of the objects, whether written or not
  unsigned long long resident = 0;  ///< bytes of memory
};

/// Counts the objects of this store, even those that have lost their names but are still held. Nothing is counted if no
/// keeper runs, or if it belongs to another user and we may not examine it. Makes three system calls for each object.
Usage usage_of(const Root& root);

}  // namespace devshm::store
