// SPDX-License-Identifier: MIT
#pragma once

#include "../fuse.h"

namespace devshmd::op {

/// The table that libfuse calls the operations by.
const fuse_lowlevel_ops& all();

}  // namespace devshmd::op
