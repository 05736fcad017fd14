// SPDX-License-Identifier: MIT
#include "operations.h"

#include <fcntl.h>

#include "../call.h"
#include "../flags.h"

namespace devshmd::op {

void fallocate(fuse_req_t request, fuse_ino_t ino, int mode, off_t offset, off_t length, fuse_file_info*) {
  Call call(request, Operation::fallocate, ino);
  if (call.recording()) call.note(fallocate_flags(mode));
  call.with_node([&](Locked fs, Node& node) {
    if (!node.file) return call.reply_err(std::move(fs), ENODEV);
    const int error = fs.with_room([&] {
      return fs.table().fallocate(node, mode, static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(length));
    });
    if (!error) node.touch(now());
    call.reply_err(std::move(fs), error);
  });
}

}  // namespace devshmd::op
