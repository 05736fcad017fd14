// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

// No mode refuses it: what was opened has to be closed.
void release(fuse_req_t request, fuse_ino_t ino, fuse_file_info*) {
  Call call(request, Operation::release, ino);
  Locked fs(call.fs());
  if (Node* node = fs.table().find(ino)) fs.release_file(*node);
  call.reply_err(std::move(fs), 0);
}

}  // namespace devshmd::op
