// SPDX-License-Identifier: MIT
//
// Changes eight bytes of read-only memory: libc's constant. There are three ways, because some systems refuse one or
// two: moving an edited copy of the page over the old one, writing through /proc/self/mem, and mprotect.
#pragma once

#include "constant_dir.h"
#include "libc_constant.h"
#include "text.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Whether the eight bytes of `text` are at the place.
inline bool holds(const char* at, const char* text) { return begins_with(at, text, constant_length); }

/// Writes `text` (eight bytes) to the place; true if it is there afterwards. A page is made more permissive only if no
/// other way works, and only for a moment. Thread-safe without a lock, as libc_constant.h says. Leaves errno alone.
bool change_constant(const ConstantPlace& place, const char* text);

}  // namespace devshm
