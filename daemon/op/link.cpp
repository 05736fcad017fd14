// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void link(fuse_req_t request, fuse_ino_t ino, fuse_ino_t new_parent, const char* new_name) {
  Call call(request, Operation::link, ino);
  if (call.recording()) call.note_to(new_parent, new_name);
  call.with_node([&](Locked fs, Node& node) {
    const int error = fs.with_room([&] { return fs.table().link(node, new_parent, new_name); });
    if (error) return call.reply_err(std::move(fs), error);
    call.reply_entry(std::move(fs), node);
  });
}

}  // namespace devshmd::op
