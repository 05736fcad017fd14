// SPDX-License-Identifier: MIT
//
// Turns a name relative to a directory in the overlay into a path in the backing directory.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

/// Writes the path to `out` if `path` is relative and has no ".." in it, and the descriptor `dir` (or AT_FDCWD) that it
/// starts at is in the overlay. Returns its length, or 0 if there is no such path or it does not fit. Async-signal-safe
/// and thread-safe; errno stays as it was.
std::size_t path_in_overlay(int dir, const char* path, char* out, std::size_t size);

/// Whether `path` is relative and starts in the overlay, wherever it leads.
bool starts_in_overlay(int dir, const char* path);

}  // namespace devshm
