// SPDX-License-Identifier: MIT
//
// Follows symbolic links in the overlay whose text names /dev/shm. The text is the program's data and stays as it is,
// so the kernel, which knows nothing of devshm, would follow them to the missing /dev/shm.
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

struct OverlayLink {
  std::size_t end;          ///< where the link's component ends in the path; 0: there is none
  std::size_t text_length;  ///< the length of the link's text, in bytes
};

/// The first component of `path`, after its first `head` bytes, that is a symbolic link to an absolute name in
/// /dev/shm. The last one counts only if `last_too`. The path is modified meanwhile, and restored.
OverlayLink find_overlay_link(char* path, std::size_t head, bool last_too);

/// Writes `path` with that link followed (the link's text, then what comes after the link) to `out`, which has room for
/// it. Returns false if the link has just been changed.
bool follow_overlay_link(char* path, const OverlayLink& link, char* out);

}  // namespace devshm
