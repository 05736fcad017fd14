// SPDX-License-Identifier: MIT
// Uses FUSE passthrough: the kernel reads, writes and maps the contents itself, without a request. That needs Linux 6.9
// and CAP_SYS_ADMIN outside of any user namespace. If something is missing, one message says so, and contents go
// through the page cache.
#pragma once

#include <string>

#include "handshake.h"
#include "node.h"
#include "space.h"

namespace devshmd {

/// All functions need the file system's lock.
class Passthrough {
 public:
  void switch_off(std::string reason);
  /// At INIT: asks the kernel for it. The kernel then keeps the limit of `space`.
  void negotiate(Handshake& handshake, Space& space);
  /// Opens a file. Returns the backing id for the answer, the same for all openers; 0: without passthrough.
  /// `fuse_fd`: the session's descriptor.
  int open(int fuse_fd, Node& node);
  void release(Node& node);

  bool active() const { return active_; }
  /// "yes", or "no: " and the reason.
  std::string state() const { return active_ ? "yes" : "no: " + reason_; }

 private:
  bool allowed_ = true;
  bool active_ = false;
  std::string reason_ = "not negotiated yet";
  Space* space_ = nullptr;
  bool promised_ = false;  ///< did the space promise before passthrough was in use?
};

}  // namespace devshmd
