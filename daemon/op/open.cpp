// SPDX-License-Identifier: MIT
#include "operations.h"

#include <fcntl.h>

#include "../call.h"
#include "../flags.h"

namespace devshmd::op {

void open(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info) {
  Call call(request, Operation::open, ino);
  if (call.recording()) call.note(open_flags(info->flags));
  call.with_node([&](Locked fs, Node& node) {
    // The kernel then opens files without a request, and releases them without one.
    if (!call.fs().wants_opens()) return call.reply_err(std::move(fs), ENOSYS);
    if ((info->flags & O_ACCMODE) != O_RDONLY) node.times_set = false;
    call.reply_open(std::move(fs), node, *info);
  });
}

}  // namespace devshmd::op
