// SPDX-License-Identifier: MIT
// Users that own files in the tests.
#pragma once

#include "../../../daemon/node.h"

namespace devshmd {

inline constexpr Owner alice{1000, 1000}, bob{1001, 1001};

}  // namespace devshmd
