// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void readlink(fuse_req_t request, fuse_ino_t ino) {
  Call call(request, Operation::readlink, ino);
  call.with_node([&](Locked fs, Node& node) {
    if (!S_ISLNK(node.mode)) return call.reply_err(std::move(fs), EINVAL);
    const std::string target = node.target;
    call.reply_readlink(std::move(fs), target);
  });
}

}  // namespace devshmd::op
