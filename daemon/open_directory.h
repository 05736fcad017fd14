// SPDX-License-Identifier: MIT
// What the daemon keeps for an open directory.
#pragma once

#include <cstdint>

namespace devshmd {

struct OpenDirectory {
  /// Entries from this cookie on were made after the reading began and are left out. Otherwise a program that renames
  /// what it reads would never come to an end.
  std::uint64_t end = 0;
  bool keeps_access_time = false;  ///< opened with O_NOATIME
};

}  // namespace devshmd
