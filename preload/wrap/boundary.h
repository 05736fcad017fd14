// SPDX-License-Identifier: MIT
//
// The boundary of the overlay. The real /dev/shm is a file system of its own, so nothing is renamed or linked across
// its boundary; the backing directory is part of a larger file system, where the kernel would do it.
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include "path.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Whether two names may be on different sides, judging by their texts. `flags` as for linkat; 0 for a rename.
bool may_cross_boundary(const JudgedPath& from, const JudgedPath& to, int flags);

/// Whether one name is in the overlay and the other is not, and the kernel would not object to anything else first. The
/// paths are placed. For a rename and for a link.
bool renames_across(const JudgedPath& from, const JudgedPath& to);
bool links_across(const JudgedPath& from, const JudgedPath& to, int flags);

}  // namespace devshm
