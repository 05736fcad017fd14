// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void removexattr(fuse_req_t request, fuse_ino_t ino, const char* name) {
  Call call(request, Operation::removexattr, ino);
  if (call.recorded()) call.note(name);
  if (call.refused()) return;
  call.lock();
  Node* node = call.node();
  if (!node) return;
  call.error(call.fs.table.remove_attribute(*node, name));
}

}  // namespace devshmd::op
