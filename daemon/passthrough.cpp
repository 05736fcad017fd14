// SPDX-License-Identifier: MIT
#include "passthrough.h"

#include <fmt/format.h>

#include <cerrno>

#include "log.h"
#include "protocol.h"

namespace devshmd {

void Passthrough::switch_off(std::string reason) {
  if (active_ && space_) space_->promise(promised_);
  allowed_ = active_ = false;
  reason_ = std::move(reason);
}

void Passthrough::negotiate(Handshake& handshake, Space& space) {
  if (!allowed_) return;
  if (space.page_limit() != Space::unlimited && !space.kernel_counts()) {
    switch_off("only the daemon can enforce the limit (--size 0 sets none)");
    return;
  }
  if (!handshake.offers(protocol::passthrough)) {
    switch_off("the kernel lacks it (Linux 6.9 and later have it)");
    return;
  }
  handshake.want(protocol::passthrough);
  active_ = true;
  space_ = &space;
  promised_ = space.promises();
  space.promise(false);
}

int Passthrough::open(int fuse_fd, Node& node) {
  if (!node.file) return 0;
  if (node.opens == 0 && active_) {
    // Without a descriptor for it, this file goes through the page cache while it is open.
    if (node.file->give_descriptor() != 0) return ++node.opens, 0;
    const int id = node.file->backing_id(fuse_fd);
    if (id > 0) {
      node.backing_id = id;
      node.changes_unseen = true;
      const MemoryFile::Facts facts = node.file->facts();
      node.seen_modified = facts.modified;
      node.seen_read = facts.read;
    } else {
      const int error = -id;
      switch_off(fmt::format("the kernel refused: {}{}", explain(error),
                             error == EPERM ? "; it needs CAP_SYS_ADMIN outside of any user namespace" : ""));
      say("no passthrough: {}", reason_);
    }
  }
  ++node.opens;
  return node.backing_id;
}

void Passthrough::release(Node& node) {
  if (node.opens == 0 || --node.opens != 0) return;
  node.backing_id = 0;
}

}  // namespace devshmd
