// SPDX-License-Identifier: MIT
//
// Changing eight bytes in memory that can't be written: libc's constant. Three ways, of which some systems refuse one
// or two: an edited copy of the page moved over the old one, a write by /proc/self/mem, and mprotect.
#pragma once

#include "constant_dir.h"
#include "libc_constant.h"
#include "text.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Whether the eight bytes of `text` are at the place.
inline bool holds(const char* at, const char* text) { return begins_with(at, text, constant_length); }

/// Puts `text` (eight bytes) at the place; true if it is there afterwards. No page is more permissive than it was while
/// another way is open, and none stays so. Thread-safe without a lock, as libc_constant.h says. Leaves errno alone.
bool change_constant(const ConstantPlace& place, const char* text);

}  // namespace devshm
