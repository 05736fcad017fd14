// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void lseek(fuse_req_t request, fuse_ino_t ino, off_t offset, int whence, fuse_file_info*) {
  Call call(request, Operation::lseek, ino);
  if (call.recorded()) call.note(whence == SEEK_HOLE ? "SEEK_HOLE" : "SEEK_DATA");
  if (call.refused()) return;
  call.lock();
  Node* node = call.node();
  if (!node) return;
  if (!node->file) return call.error(EINVAL);
  const off_t found = node->file->seek(offset, whence);
  if (found < 0) return call.error(static_cast<int>(-found));
  call.position(found);
}

}  // namespace devshmd::op
