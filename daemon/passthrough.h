// SPDX-License-Identifier: MIT
// FUSE passthrough: the kernel reads, writes and maps the contents itself, without asking. It takes libfuse 3.17 when
// this is built, and Linux 6.9 and CAP_SYS_ADMIN of the first user namespace where it runs. What is missing is said
// once, and everything goes by way of the page cache instead.
#pragma once

#include <string>

#include "fuse.h"
#include "node.h"
#include "space.h"

#if defined(FUSE_CAP_PASSTHROUGH)
#define DEVSHMD_HAS_PASSTHROUGH 1
#else
#define DEVSHMD_HAS_PASSTHROUGH 0
#endif

namespace devshmd {

/// All under the file system's lock, but negotiate, which comes before anybody else.
class Passthrough {
 public:
  void switch_off(std::string reason);
  /// At the start: asks the kernel for it. The limit of `space` is then the kernel's to keep.
  void negotiate(fuse_conn_info& connection, Space& space);
  /// A file is opened: adds the backing to the answer, the same for all openers.
  void open(fuse_req_t request, Node& node, fuse_file_info& info);
  void release(fuse_req_t request, Node& node);

  bool active() const { return active_; }
  /// "yes", or "no: " and the reason.
  std::string state() const { return active_ ? "yes" : "no: " + reason_; }

 private:
  bool allowed_ = true;
  bool active_ = false;
  std::string reason_ = "not asked for yet";
  Space* space_ = nullptr;
  bool promised_ = false;  ///< what the space did without us
};

}  // namespace devshmd
