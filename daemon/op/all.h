// SPDX-License-Identifier: MIT
#pragma once

#include "../fuse.h"

namespace devshmd::op {

const fuse_lowlevel_ops& all();

}  // namespace devshmd::op
