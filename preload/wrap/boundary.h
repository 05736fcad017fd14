// SPDX-License-Identifier: MIT
//
// The boundary of the overlay. Natively /dev/shm is a file system of its own, and nothing is renamed or linked across;
// behind it is a directory of a larger one, where the kernel would do it.
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

/// For rename and link: true if one name is in the overlay and the other is not, and nothing else is wrong with them
/// that the kernel would object to first. `from_base` and `to_base`: where relative paths start.
/// For rename, a name of /dev/shm itself is exchanged for one that the kernel treats as a mount point.
bool renames_across(int from_base, const char*& from, int to_base, const char*& to);
/// `flags` as for linkat.
bool links_across(int from_base, const char* from, int to_base, const char* to, int flags);

}  // namespace devshm
