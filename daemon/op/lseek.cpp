// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void lseek(fuse_req_t request, fuse_ino_t ino, off_t offset, int whence, fuse_file_info*) {
  Call call(request, Operation::lseek, ino);
  if (call.recording()) call.note(whence == SEEK_HOLE ? "SEEK_HOLE" : "SEEK_DATA");
  call.with_node([&](Locked fs, Node& node) {
    if (!node.file) return call.reply_err(std::move(fs), EINVAL);
    const off_t found = node.file->seek(offset, whence);
    if (found < 0) return call.reply_err(std::move(fs), static_cast<int>(-found));
    call.reply_lseek(std::move(fs), found);
  });
}

}  // namespace devshmd::op
