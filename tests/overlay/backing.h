// SPDX-License-Identifier: MIT
//
// The directory behind /dev/shm: DEVSHM_DIR; where a test is run on a tmpfs, without the library, /dev/shm itself. What
// a test expects must be so on both.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

inline std::string backing() { return std::getenv("DEVSHM_DIR"); }

inline bool is_native() { return backing() == "/dev/shm"; }

/// Removes it, or all that is in it where it is a mount point.
inline void remove_backing() {
  if (!is_native())
    std::filesystem::remove_all(backing());
  else
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) std::filesystem::remove_all(entry);
}
