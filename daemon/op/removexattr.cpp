// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void removexattr(fuse_req_t request, fuse_ino_t ino, const char* name) {
  Call call(request, Operation::removexattr, ino);
  if (call.recording()) call.note(name);
  call.with_node([&](Locked fs, Node& node) {
    const int error = fs.table().remove_attribute(node, name);
    call.reply_err(std::move(fs), error);
  });
}

}  // namespace devshmd::op
