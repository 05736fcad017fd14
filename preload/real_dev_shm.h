// SPDX-License-Identifier: MIT
//
// Looks at the machine's own /dev/shm, and decides whether devshm is needed beside it.
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include "amount.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Whether it is what programs expect: a tmpfs (or ramfs, which libc accepts too) that this user may write to.
bool real_dev_shm_will_do();

/// A real /dev/shm with less than this is small, if DEVSHM_WHEN gives no size.
inline constexpr Amount least_size_by_default = {.percent = 25};

/// What every process of a container sees, whatever its user. So this describes the mount, not its free space or the
/// caller's rights.
struct RealDevShm {
  bool is_tmpfs;    ///< a tmpfs or ramfs; if not, nothing else is set
  bool serves_all;  ///< every user may create files there, and it is not mounted read-only
  Bytes size;       ///< in total; no_size_limit if it has no size
};
inline constexpr Bytes no_size_limit = ~0ull;
RealDevShm look_at_real_dev_shm();

/// The rule of DEVSHM_WHEN=small: whether it is a tmpfs that serves every user, of at least this size.
bool is_large_enough(const RealDevShm& real, const Amount& least);

}  // namespace devshm
