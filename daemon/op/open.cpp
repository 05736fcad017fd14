// SPDX-License-Identifier: MIT
#include "operations.h"

#include <fcntl.h>

#include "../call.h"
#include "../flags.h"

namespace devshmd::op {

void open(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info) {
  Call call(request, Operation::open, ino);
  if (call.recorded()) call.note(open_flags(info->flags));
  if (call.refused()) return;
  call.lock();
  Node* node = call.node();
  if (!node) return;
  if ((info->flags & O_ACCMODE) != O_RDONLY) node->times_set = false;
  info->keep_cache = 1;  // what the kernel has of it is right, whoever opens it
  call.fs.passthrough.open(request, *node, *info);
  if (!call.opened(*info)) call.unopen();
}

}  // namespace devshmd::op
