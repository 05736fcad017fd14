// SPDX-License-Identifier: MIT
// Runs a mount, from the command line to the last request.
#pragma once

#include "options.h"

namespace devshmd {

/// Runs a daemon; returns the exit status.
int serve(const Options& options);

/// Runs `devshmd umount`; returns the exit status.
int unmount(const std::string& mount_point);

}  // namespace devshmd
