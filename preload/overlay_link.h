// SPDX-License-Identifier: MIT
//
// Follows symbolic links in the overlay whose text names /dev/shm. The text is the program's data and stays as it is,
// so the kernel, which knows nothing of devshm, would follow them to the missing /dev/shm.
//
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

/// How many links are followed in one path: the kernel's own limit (path_resolution(7)).
inline constexpr int most_links = 40;

struct OverlayLink {
  std::size_t end;          ///< where the link's component ends in the path; 0: there is none
  std::size_t text_length;  ///< the length of what takes the place of the path up to there, in bytes
  std::size_t head;         ///< the length of the backing directory's name in the path
  std::size_t start;        ///< where the component begins if the link's text is relative, else 0
};

/// The first component of `path`, after its first `head` bytes, that is a symbolic link to an absolute name in
/// /dev/shm, or a relative one that the kernel can't follow. The last one counts only if `last_too`. The path is
/// modified meanwhile, and restored.
OverlayLink find_overlay_link(char* path, std::size_t head, bool last_too);

/// Writes `path` with that link followed (the link's text as a name in /dev/shm, then what comes after the link) to
/// `out`, which has room for it. Returns false if the link has just been changed.
bool follow_overlay_link(char* path, const OverlayLink& link, char* out);

}  // namespace devshm
