// SPDX-License-Identifier: MIT
// Declares the functions that answer FUSE's requests. Each has the type that libfuse's table gives it; they run on
// several threads at once.
#pragma once

#include <type_traits>

#include "../fuse.h"

namespace devshmd::op {

#define OPERATION(name, needs_space, modifies) std::remove_pointer_t<decltype(fuse_lowlevel_ops::name)> name;
#define VARIANT(name, needs_space, modifies)
#include "../operations.def"

// Not in the table of operations: no program asks for these, no mode refuses them, and they are not recorded.
std::remove_pointer_t<decltype(fuse_lowlevel_ops::init)> init;
std::remove_pointer_t<decltype(fuse_lowlevel_ops::forget)> forget;
std::remove_pointer_t<decltype(fuse_lowlevel_ops::forget_multi)> forget_multi;

}  // namespace devshmd::op
