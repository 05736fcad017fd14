// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void opendir(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info) {
  Call call(request, Operation::opendir, ino);
  call.with_node([&](Locked fs, Node& node) {
    // The kernel then opens directories without a request, and keeps what it has read of them until they change.
    if (!call.fs().wants_opendirs()) return call.reply_err(std::move(fs), ENOSYS);
    if (!node.is_directory()) return call.reply_err(std::move(fs), ENOTDIR);
    info->cache_readdir = info->keep_cache = call.fs().kernel_caches();
    call.reply_opendir(std::move(fs), *info);
  });
}

}  // namespace devshmd::op
