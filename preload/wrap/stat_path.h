// SPDX-License-Identifier: MIT
//
// fstatat(2) for our own use, with the path as the program means it. (The stat functions are exported by glibc only
// since 2.33.)
#pragma once

#include <sys/stat.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// Returns 0, or -1 with errno.
int stat_path(int dir, const char* path, struct stat* out, int flags);

}  // namespace devshm
