// SPDX-License-Identifier: MIT
#include "operations.h"

#include <new>

#include "../call.h"
#include "open_directory.h"

namespace devshmd::op {

void opendir(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info) {
  Call call(request, Operation::opendir, ino);
  if (call.refused()) return;
  auto opened = std::make_unique<OpenDirectory>();
  call.lock();
  Node* node = call.node();
  if (!node) return;
  if (!node->is_directory()) return call.error(ENOTDIR);
  opened->end = node->directory->next_cookie();
  info->fh = reinterpret_cast<std::uint64_t>(opened.get());
  if (call.opened(*info)) static_cast<void>(opened.release());
}

void releasedir(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info) {
  Call call(request, Operation::releasedir, ino);
  delete open_directory(*info);
  call.error(0);
}

}  // namespace devshmd::op
