// SPDX-License-Identifier: MIT
//
// Keeps renames and links from crossing the boundary of the overlay. The real /dev/shm is a file system of its own, so
// the kernel refuses them there; the backing directory is part of a larger file system, where the kernel would allow
// them.
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include "path.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Whether two names may be on different sides, judging by their texts. `flags` as for linkat; 0 for a rename.
bool may_cross_boundary(const JudgedPath& from, const JudgedPath& to, int flags);

/// For a rename and for a link whose paths are placed: whether one name is in the overlay and the other is not, and the
/// kernel would not object to anything else first.
bool renames_across(const JudgedPath& from, const JudgedPath& to);
bool links_across(const JudgedPath& from, const JudgedPath& to, int flags);

}  // namespace devshm
