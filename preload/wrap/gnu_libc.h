// SPDX-License-Identifier: MIT
#pragma once

#include "../next_symbol.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Whether libc is glibc, recognised by an extension of its glob family that musl lacks.
inline bool is_gnu_libc() {
  static constinit std::atomic<bool> is_known{false};
  if (is_known.load(std::memory_order_relaxed)) return true;
  const bool is_there = next_definition("glob_pattern_p", false) != nullptr;
  is_known.store(is_there, std::memory_order_relaxed);
  return is_there;
}

}  // namespace devshm
