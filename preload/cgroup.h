// SPDX-License-Identifier: MIT
//
// Reads how much memory a process's control groups allow it to use (cgroups(7), versions 1 and 2).
//
// A group is limited by its own limit and by those of the groups above it. In a container the outermost limit is the
// container's, which all of its processes share; a process may have moved itself into a group with a smaller one.
//
// Async-signal-safe and thread-safe; errno stays as it was. One or two pages are mapped meanwhile.
#pragma once

#include "amount.h"

namespace [[gnu::visibility("hidden")]] devshm {

inline constexpr Bytes no_limit = ~0ull;

struct CgroupMemory {
  Bytes limit = no_limit;      ///< the outermost limit: the container's
  Bytes available = no_limit;  ///< what all the limits leave, where pages of files that can be dropped count as free
};

/// Reads the limits. There are none where the control groups can't be seen (AWS Lambda). Tests pass other tables as
/// `groups` and `mounts`.
CgroupMemory read_cgroup_memory(const char* groups = "/proc/self/cgroup", const char* mounts = "/proc/self/mountinfo");

}  // namespace devshm
