// SPDX-License-Identifier: MIT
//
// A name relative to a directory in the overlay, as a path in the backing directory.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

/// Writes the path to `out`, if `path` is relative, starts at the descriptor `dir` (or AT_FDCWD) that is in the
/// overlay, and has no ".." in it. Returns its length; 0: it has none, or does not fit. Async-signal-safe and
/// thread-safe; errno stays as it was.
std::size_t path_in_overlay(int dir, const char* path, char* out, std::size_t size);

/// Whether `path` is relative and starts in the overlay, wherever it leads.
bool starts_in_overlay(int dir, const char* path);

}  // namespace devshm
