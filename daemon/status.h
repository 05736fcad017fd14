// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace devshmd {

/// Runs `devshmd --status`; returns the exit status.
int show_status(const std::string& mount_point);

}  // namespace devshmd
