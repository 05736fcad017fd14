// SPDX-License-Identifier: MIT
#pragma once

#include <glob.h>

#include "../next_symbol.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Whether libc is glibc, known by an extension of its glob family that musl does not have.
inline bool is_gnu_libc() {
  const auto next = NEXT(glob_pattern_p);
  next.get();
  return next.slot.load(std::memory_order_relaxed) != nullptr;
}

}  // namespace devshm
