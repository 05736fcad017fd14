// SPDX-License-Identifier: MIT
//
// The room that the memory store has, as a tmpfs would report it.
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <sys/vfs.h>

#include "amount.h"

namespace [[gnu::visibility("hidden")]] devshm {

struct Room {
  Bytes total;      ///< DEVSHM_SIZE, or half of the memory or of the container's limit, as a tmpfs takes half
  Bytes in_use;     ///< memory that this user's objects take
  Bytes available;  ///< what is left of the total, or less where the machine or a limit has less
};
Room memory_room();

/// With DEVSHM_SIZE: what it leaves for this user's objects to grow by. An object counts with its whole size: it can't
/// be prevented later from writing that far. no_size without the setting.
Bytes room_to_grow();

/// Whether a file system without a size answers, such as the kernel's own tmpfs behind a memfd.
inline bool has_no_size(const struct statfs& found) { return found.f_blocks == 0; }

}  // namespace devshm
