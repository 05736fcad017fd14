// SPDX-License-Identifier: MIT
// If there is a limit, contents are files in a tmpfs of the daemon's own, which is mounted nowhere. The kernel then
// enforces the limit to the page, and with passthrough even raises SIGBUS for a store that finds no room. Without the
// right to mount, memfds are used and the daemon counts.
#pragma once

#include <cstdint>

namespace devshmd {

/// Returns a descriptor of its root directory, or -errno.
int make_content_pool(std::uint64_t pages);
/// Returns how many pages are in use there; 0 if that can't be found out.
std::uint64_t pages_in_pool(int pool);

}  // namespace devshmd
