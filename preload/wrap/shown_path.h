// SPDX-License-Identifier: MIT
//
// A whole path that libc has put in the caller's buffer, or in memory from malloc, shown as the program knows it.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

/// Where a path lies.
struct PathMemory {
  bool is_from_malloc;
  std::size_t size;  ///< how much there may be of it, with its end; 0: no limit
  int error;         ///< what to fail with where that is not enough
};

/// Returns `path`, or where it has moved to, or null with errno; null stays null.
char* show_path(char* path, const PathMemory& memory);

/// A path of libc's own as the program knows it, for ever: a program may keep what it was told for as long as it likes,
/// and nobody tells us how long that is. Each is there once. Null where the path is not in the overlay, or null, or
/// where there is no memory for it.
char* lasting_shown_path(const char* path);

}  // namespace devshm
