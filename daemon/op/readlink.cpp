// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void readlink(fuse_req_t request, fuse_ino_t ino) {
  Call call(request, Operation::readlink, ino);
  if (call.refused()) return;
  call.lock();
  Node* node = call.node();
  if (!node) return;
  if (!S_ISLNK(node->mode)) return call.error(EINVAL);
  const std::string target = node->target;
  call.text(target);
}

}  // namespace devshmd::op
