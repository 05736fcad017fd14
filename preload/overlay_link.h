// SPDX-License-Identifier: MIT
//
// Symbolic links in the overlay whose text names /dev/shm. The text is the program's data and stays as it is, so the
// kernel, which knows nothing of devshm, is led to where there is no /dev/shm: such links have to be followed here.
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

struct OverlayLink {
  std::size_t end;          ///< where the component that is the link ends in the path; 0: there is none
  std::size_t text_length;  ///< of what the link says, in bytes
};

/// The first component of `path`, behind its first `head` bytes, that is a symbolic link to an absolute name in
/// /dev/shm. The last one counts only if `last_too`. The path is written to for the moment, and left as it was.
OverlayLink find_overlay_link(char* path, std::size_t head, bool last_too);

/// Puts what `path` says with that link followed (the link's text, then what comes after the link) at `out`, which has
/// room for it. False if the link has just been changed.
bool follow_overlay_link(char* path, const OverlayLink& link, char* out);

}  // namespace devshm
