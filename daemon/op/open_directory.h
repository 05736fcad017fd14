// SPDX-License-Identifier: MIT
// What the daemon keeps for an open directory.
#pragma once

#include <atomic>
#include <cstdint>

#include "../fuse.h"

namespace devshmd::op {

struct OpenDirectory {
  /// Entries from this cookie on were made after the reading began and are left out. Otherwise a program that renames
  /// what it reads would never come to an end.
  std::atomic<std::uint64_t> end{0};
  bool keeps_access_time = false;  ///< opened with O_NOATIME
};

inline OpenDirectory* open_directory(const fuse_file_info& info) { return reinterpret_cast<OpenDirectory*>(info.fh); }

}  // namespace devshmd::op
