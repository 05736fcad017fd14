// SPDX-License-Identifier: MIT
// What an open directory remembers.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "../fuse.h"

namespace devshmd::op {

struct OpenDirectory {
  /// Entries from this cookie on were made after the reading began. Without an end, who renames what he reads never
  /// ends.
  std::atomic<std::uint64_t> end{0};
};

inline OpenDirectory* open_directory(const fuse_file_info& info) { return reinterpret_cast<OpenDirectory*>(info.fh); }

}  // namespace devshmd::op
