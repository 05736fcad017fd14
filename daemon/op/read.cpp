// SPDX-License-Identifier: MIT
#include "operations.h"

#include <fcntl.h>

#include <vector>

#include "../call.h"

namespace devshmd::op {

void read(fuse_req_t request, fuse_ino_t ino, std::size_t size, off_t offset, fuse_file_info* info) {
  Call call(request, Operation::read, ino);
  call.with_node([&](Locked fs, Node& node) {
    if (!node.file) return call.reply_err(std::move(fs), EINVAL);
    // Like `relatime`.
    const bool keeps_access_time = info && (info->flags & O_NOATIME);
    if (!keeps_access_time && (!(node.modified < node.accessed) || !(node.changed < node.accessed)))
      node.accessed = now();
    thread_local std::vector<char> buffer;
    if (buffer.size() < size) buffer.resize(size);
    const std::shared_ptr<MemoryFile> file = node.file;
    const ssize_t got = fs.unlocked([&] { return file->read(buffer.data(), size, offset); });
    if (got < 0) return call.reply_err(std::move(fs), static_cast<int>(-got));
    call.reply_read(std::move(fs), buffer.data(), static_cast<std::size_t>(got));
  });
}

}  // namespace devshmd::op
