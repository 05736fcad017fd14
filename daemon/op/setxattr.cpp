// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void setxattr(fuse_req_t request, fuse_ino_t ino, const char* name, const char* value, std::size_t size, int flags) {
  Call call(request, Operation::setxattr, ino);
  if (call.recording()) call.note(name);
  call.with_node([&](Locked fs, Node& node) {
    const int error = fs.with_room([&] { return fs.table().set_attribute(node, name, {value, size}, flags); });
    call.reply_err(std::move(fs), error);
  });
}

}  // namespace devshmd::op
