// SPDX-License-Identifier: MIT
// How much processor time there is to spend.
#pragma once

#include <string>

namespace devshmd {

/// May a thread spin while it waits? Not with one processor, where the program that it waits for could not run
/// meanwhile, and not with a quota of processor time, which the spinning would use up.
bool may_spin();

/// Does a control group of `cgroups` (the text of /proc/self/cgroup), or one above it, have a quota of processor time?
/// `root`: where control groups are mounted.
bool has_cpu_quota(const std::string& cgroups, const std::string& root = "/sys/fs/cgroup");

}  // namespace devshmd
