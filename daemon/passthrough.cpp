// SPDX-License-Identifier: MIT
#include "passthrough.h"

#include <fmt/format.h>

#include <cerrno>

#include "log.h"

namespace devshmd {

void Passthrough::switch_off(std::string reason) {
  if (active_ && space_) space_->promise(promised_);
  allowed_ = active_ = false;
  reason_ = std::move(reason);
}

#if DEVSHMD_HAS_PASSTHROUGH

void Passthrough::negotiate(fuse_conn_info& connection, Space& space) {
  if (!allowed_) return;
  if (space.page_limit() != Space::unlimited && !space.kernel_counts()) {
    switch_off("there is a limit that only the daemon keeps (--size 0 has none)");
    return;
  }
  if (!fuse_set_feature_flag(&connection, FUSE_CAP_PASSTHROUGH)) {
    switch_off("the kernel does not have it (Linux 6.9 and later do)");
    return;
  }
  connection.max_backing_stack_depth = 0;  // contents lie on the kernel's tmpfs, which is stacked on nothing
  active_ = true;
  space_ = &space;
  promised_ = space.promises();
  space.promise(false);
}

void Passthrough::open(fuse_req_t request, Node& node, fuse_file_info& info) {
  if (!node.file) return;
  if (node.opens == 0 && active_) {
    errno = 0;
    const int id = fuse_passthrough_open(request, node.file->fd());
    if (id > 0) {
      node.backing_id = id;
      node.changes_unseen = true;
      const MemoryFile::Facts facts = node.file->facts();
      node.seen_modified = facts.modified;
      node.seen_read = facts.read;
    } else {
      switch_off(fmt::format("the kernel refused: {}{}", explain(errno),
                             errno == EPERM ? "; it takes CAP_SYS_ADMIN outside of any user namespace" : ""));
      say("no passthrough: {}", reason_);
    }
  }
  ++node.opens;
  if (!node.backing_id) return;
  info.backing_id = node.backing_id;
  info.keep_cache = 0;  // there is no cache, and the kernel refuses both together
}

void Passthrough::release(fuse_req_t request, Node& node) {
  if (node.opens == 0 || --node.opens != 0 || !node.backing_id) return;
  fuse_passthrough_close(request, node.backing_id);
  node.backing_id = 0;
}

#else

void Passthrough::negotiate(fuse_conn_info&, Space&) {
  if (allowed_) switch_off(fmt::format("built with libfuse {} (3.17 and later have it)", fuse_pkgversion()));
}
void Passthrough::open(fuse_req_t, Node&, fuse_file_info&) {}
void Passthrough::release(fuse_req_t, Node&) {}

#endif

}  // namespace devshmd
