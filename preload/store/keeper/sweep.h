// SPDX-License-Identifier: MIT
//
// Removes what dead keepers have left behind, before a keeper offers anything. With the store's lock held exclusively,
// it removes in this order: the old pool with all claims, the links of old generations with the directory in which
// links were made, and the names that lead nowhere.
#pragma once

#include "../names.h"

namespace devshm::store {

void remove_old_pool(const Root& root);
void remove_old_generations(const Root& root);

/// Removes all links that lead to ROOT from a directory and those below it. No object exists any more that one could
/// lead to.
void remove_dangling_names(const Root& root, const char* backing_dir);

}  // namespace devshm::store
