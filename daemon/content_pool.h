// SPDX-License-Identifier: MIT
// Keeps contents below a limit: they are files in a tmpfs of the daemon's own, which is mounted nowhere. The kernel
// then enforces the limit to the page, and with passthrough even raises SIGBUS for a store that finds no room. Without
// the right to mount, memfds are used and the daemon counts.
#pragma once

#include <cstdint>

namespace devshmd {

class ContentPool {
 public:
  ContentPool() = default;
  ~ContentPool();
  ContentPool(const ContentPool&) = delete;
  ContentPool& operator=(const ContentPool&) = delete;

  /// Makes the tmpfs, with space for `pages`. Returns 0 or an errno value.
  int make(std::uint64_t pages);
  /// A descriptor of its root directory; -1: there is none.
  int directory() const { return directory_; }

  std::uint64_t pages_used() const;

  /// Pages that count against the limit but are elsewhere (in the daemon's own memory): the tmpfs is made smaller by
  /// them. Returns false if there is no room for so many.
  bool reserve(std::uint64_t pages);

 private:
  bool resize(std::uint64_t reserved);

  int directory_ = -1;
  int context_ = -1;  ///< for changing its size
  std::uint64_t pages_ = 0, reserved_ = 0;
};

}  // namespace devshmd
