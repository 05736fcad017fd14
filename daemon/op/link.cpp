// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void link(fuse_req_t request, fuse_ino_t ino, fuse_ino_t new_parent, const char* new_name) {
  Call call(request, Operation::link, ino);
  if (call.recorded()) call.note_to(new_parent, new_name);
  if (call.refused()) return;
  call.lock();
  Node* node = call.node();
  if (!node) return;
  const int error = call.with_room([&] { return call.fs.table.link(*node, new_parent, new_name); });
  if (error) return call.error(error);
  call.entry(*node);
}

}  // namespace devshmd::op
