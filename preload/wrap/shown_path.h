// SPDX-License-Identifier: MIT
//
// Shows a whole path, which libc has written to the caller's buffer or to memory from malloc, as the program knows it.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

/// Where a path lies.
struct PathMemory {
  bool is_from_malloc;
  std::size_t size;  ///< its maximum size, with the NUL; 0: no limit
  int error;         ///< the error if that is not enough
};

/// Returns `path`, or its new address, or null with errno; null stays null.
char* show_path(char* path, const PathMemory& memory);

/// Shows a path in libc's own memory as the program knows it. The result stays valid, because a program may keep it as
/// long as it likes. Each path is stored once. Null if the path is not in the overlay, or null, or if there is no
/// memory.
char* lasting_shown_path(const char* path);

}  // namespace devshm
