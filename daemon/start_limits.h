// SPDX-License-Identifier: MIT
// Sets the limits that a daemon starts with: how much space it has, and how many descriptors.
#pragma once

#include "options.h"
#include "space.h"

namespace devshmd {

/// Files of more than a page hold a descriptor open: sets the limit as high as the process may. Returns it.
unsigned raise_descriptor_limit();

/// The room for contents and objects, from the options and the size of the memory.
Space space_for(const Options& options);

}  // namespace devshmd
