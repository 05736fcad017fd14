// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void setxattr(fuse_req_t request, fuse_ino_t ino, const char* name, const char* value, std::size_t size, int flags) {
  Call call(request, Operation::setxattr, ino);
  if (call.recorded()) call.note(name);
  if (call.refused()) return;
  call.lock();
  Node* node = call.node();
  if (!node) return;
  call.error(call.with_room([&] { return call.fs.table.set_attribute(*node, name, {value, size}, flags); }));
}

}  // namespace devshmd::op
