// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void release(fuse_req_t request, fuse_ino_t ino, fuse_file_info*) {
  Call call(request, Operation::release, ino);
  call.lock();
  if (Node* node = call.fs.table.find(ino)) call.fs.passthrough.release(request, *node);
  call.error(0);
}

}  // namespace devshmd::op
