// SPDX-License-Identifier: MIT
#include "operations.h"

#include <fcntl.h>

#include "../call.h"
#include "../flags.h"

namespace devshmd::op {

void fallocate(fuse_req_t request, fuse_ino_t ino, int mode, off_t offset, off_t length, fuse_file_info*) {
  Call call(request, Operation::fallocate, ino);
  if (call.recorded()) call.note(fallocate_flags(mode));
  if (call.refused()) return;
  call.lock();
  Node* node = call.node();
  if (!node) return;
  if (!node->file) return call.error(ENODEV);
  const int error = call.with_room([&] {
    return call.fs.table.fallocate(*node, mode, static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(length));
  });
  if (!error) node->touch(now());
  call.error(error);
}

}  // namespace devshmd::op
