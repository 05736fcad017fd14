// SPDX-License-Identifier: MIT
//
// What the objects of a store take. Async-signal-safe and thread-safe.
#pragma once

#include "names.h"

namespace devshm::store {

struct Usage {
  unsigned long long size = 0;      ///< bytes that the objects are long, whether written or not
  unsigned long long resident = 0;  ///< bytes of memory
};

/// The objects of this store, those among them that have no name any more but are held still. Nothing if no keeper
/// runs, or if it is another user's that we may not look at. Makes three system calls for each object.
Usage usage_of(const Root& root);

}  // namespace devshm::store
