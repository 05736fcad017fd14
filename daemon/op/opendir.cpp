// SPDX-License-Identifier: MIT
#include "operations.h"

#include <fcntl.h>

#include "../call.h"

namespace devshmd::op {

void opendir(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info) {
  Call call(request, Operation::opendir, ino);
  call.with_node([&](Locked fs, Node& node) {
    if (!node.is_directory()) return call.reply_err(std::move(fs), ENOTDIR);
    OpenDirectory opened;
    opened.end = node.directory->next_cookie();
    opened.keeps_access_time = info->flags & O_NOATIME;
    // What the kernel has read of the directory stays valid until the directory changes.
    info->cache_readdir = info->keep_cache = call.fs().kernel_caches();
    info->fh = fs.open_directory(opened);
    if (!call.reply_opendir(std::move(fs), *info)) Locked(call.fs()).close_directory(info->fh);
  });
}

}  // namespace devshmd::op
