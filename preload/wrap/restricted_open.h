// SPDX-License-Identifier: MIT
//
// Opens with openat2 under a RESOLVE_ restriction, for its own wrapper and for syscall(SYS_openat2).
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>

#include <cstddef>

#include "../function_ref.h"

namespace [[gnu::visibility("hidden")]] devshm {

inline bool is_restricted(const open_how* how, std::size_t size) {
  return how && size >= sizeof *how && how->resolve != 0;
}

/// Calls `real`, which is openat2. An absolute path in place of the caller's would break RESOLVE_BENEATH, so a path
/// below /dev/shm is resolved from the backing directory, and one that climbs out of it from /dev, under the caller's
/// own restrictions.
using OpenAt2 = FunctionRef<int(int, const char*, const open_how*, std::size_t)>;
[[gnu::cold]] int open_restricted(OpenAt2 real, int dir, const char* path, const open_how* how, std::size_t size);

}  // namespace devshm
