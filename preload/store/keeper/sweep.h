// SPDX-License-Identifier: MIT
//
// What a keeper does before it offers anything: it removes what dead ones have left. With the store's lock held
// exclusively, in this order: the old pool with all claims, the old generations' links, and the names that lead
// nowhere.
#pragma once

#include "../names.h"

namespace devshm::store {

void remove_old_pool(const Root& root);
void remove_old_generations(const Root& root);

/// Removes all links that lead to ROOT from a directory and those below it. There is no object any more that one could
/// lead to.
void remove_dangling_names(const Root& root, const char* backing_dir);

}  // namespace devshm::store
