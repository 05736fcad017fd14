// SPDX-License-Identifier: MIT
//
// What a process's control group allows it of the memory (cgroups(7)): versions 1 and 2.
//
// A group's own limit is the least of its own and those of the groups above it. In a container the highest of them that
// is set is the container's, which all of its processes share; a process may have put itself into a group with less.
//
// Async-signal-safe and thread-safe; errno stays as it was. It takes a page or two of memory meanwhile.
#pragma once

#include "amount.h"

namespace [[gnu::visibility("hidden")]] devshm {

inline constexpr Bytes no_limit = ~0ull;

struct CgroupMemory {
  Bytes limit = no_limit;      ///< the outermost limit: the container's
  Bytes available = no_limit;  ///< what all the limits leave, where pages of files that can be dropped count as free
};

/// Reads them. A machine without limits, or whose control groups can't be seen (AWS Lambda), has none. `groups` and
/// `mounts` are the process's own tables, and others in tests.
CgroupMemory read_cgroup_memory(const char* groups = "/proc/self/cgroup", const char* mounts = "/proc/self/mountinfo");

}  // namespace devshm
