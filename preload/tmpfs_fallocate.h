// SPDX-License-Identifier: MIT
//
// fallocate(2) as a tmpfs does it, without the system call of that name. Leaves errno alone.
#pragma once

#include <linux/falloc.h>
#include <sys/types.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// What a tmpfs can do.
inline constexpr int tmpfs_modes = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;

/// Returns 0 or an errno value.
int fallocate_as_tmpfs(int fd, int mode, off_t offset, off_t length);

}  // namespace devshm
