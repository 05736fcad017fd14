// SPDX-License-Identifier: MIT
// The life of a mount: from the words of the command line to the last request.
#pragma once

#include "options.h"

namespace devshmd {

/// The exit status.
int serve(const Options& options);

/// devshmd umount: the exit status.
int unmount(const std::string& mount_point);

}  // namespace devshmd
