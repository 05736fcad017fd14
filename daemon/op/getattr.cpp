// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void getattr(fuse_req_t request, fuse_ino_t ino, fuse_file_info*) {
  Call call(request, Operation::getattr, ino);
  if (call.refused()) return;
  call.lock();
  Node* node = call.node();
  if (!node) return;
  const struct stat attributes = call.fs.table.attributes(*node);
  call.attributes(attributes, call.fs.attribute_timeout(*node));
}

}  // namespace devshmd::op
