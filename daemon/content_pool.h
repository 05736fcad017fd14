// SPDX-License-Identifier: MIT
// A tmpfs of the daemon's own, mounted nowhere, where contents are made if there is a limit: so the kernel keeps it, to
// the page, and with passthrough down to the SIGBUS of a store that finds no room. Who may not mount has memfds, and
// counts himself.
#pragma once

#include <cstdint>

namespace devshmd {

/// A descriptor of its root directory, or -errno.
int make_content_pool(std::uint64_t pages);
/// How many pages are in use there.
std::uint64_t pages_in_pool(int pool);

}  // namespace devshmd
