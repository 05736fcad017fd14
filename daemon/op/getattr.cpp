// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void getattr(fuse_req_t request, fuse_ino_t ino, fuse_file_info*) {
  Call call(request, Operation::getattr, ino);
  call.with_node([&](Locked fs, Node& node) { call.reply_attr(std::move(fs), node); });
}

}  // namespace devshmd::op
