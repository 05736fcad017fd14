// SPDX-License-Identifier: MIT
//
// Computes the size of the memory store, as a tmpfs would report it.
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <sys/vfs.h>

#include "amount.h"

namespace [[gnu::visibility("hidden")]] devshm {

struct Room {
  Bytes total;      ///< DEVSHM_SIZE, or half of the memory or of the container's limit, as a tmpfs takes half
  Bytes in_use;     ///< memory that this user's objects take
  Bytes available;  ///< what is left of the total, or less if the machine or a limit has less
};
Room memory_room();

/// With DEVSHM_SIZE: whether this user's objects may grow by so much. An object counts with its whole size, because
/// nothing can prevent a program from writing that far later. True without the setting.
bool has_room_for(Bytes more);

/// Whether the file system has no size, like the kernel's own tmpfs behind a memfd.
inline bool has_no_size(const struct statfs& found) { return found.f_blocks == 0; }

}  // namespace devshm
