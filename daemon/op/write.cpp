// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"
#include "../raw_request.h"

namespace devshmd::op {
namespace {

/// Writes as much as there is space for. Returns how much, or -ENOSPC. The lock is released while bytes are copied.
ssize_t write_what_fits(Locked& fs, Node& node, const char* bytes, std::size_t size, off_t offset) {
  const std::shared_ptr<MemoryFile> file = node.file;
  std::uint64_t charged;
  const std::uint64_t room = fs.table().admit_write(node, static_cast<std::uint64_t>(offset), size, charged);
  const ssize_t put =
      fs.unlocked([&]() -> ssize_t { return room == 0 && size != 0 ? -ENOSPC : file->write(bytes, room, offset); });
  fs.space().give_pages(charged);
  fs.table().recount(node);  // a file that is written to is open: the kernel keeps it
  return put;
}

}  // namespace

void write(fuse_req_t request, fuse_ino_t ino, const char* bytes, std::size_t size, off_t offset,
           fuse_file_info* info) {
  Call call(request, Operation::write, ino);
  call.with_node([&](Locked fs, Node& node) {
    if (!node.file) return call.reply_err(std::move(fs), EINVAL);
    const std::uint64_t used_before = node.used;
    const mode_t mode_before = node.mode;
    ssize_t put = 0;
    fs.with_room([&] {
      put = write_what_fits(fs, node, bytes, size, offset);
      return put >= 0 && static_cast<std::size_t>(put) < size ? ENOSPC : put < 0 ? static_cast<int>(-put) : 0;
    });
    // The kernel writes stores into a mapping back later. Nobody repeats a part that found no space, so a partial write
    // is an error; and the kernel does not know that the file has other times and more blocks now.
    const bool from_mapping = info->writepage;
    if (from_mapping && put >= 0 && static_cast<std::size_t>(put) < size) put = -ENOSPC;
    if (put < 0) return call.reply_err(std::move(fs), static_cast<int>(-put));
    const bool is_change = put > 0 && !(from_mapping && node.times_set);
    if (is_change) node.touch(now());
    if (!from_mapping) node.times_set = false;
    if (put > 0 && kills_set_ids(*info)) node.drop_set_ids();
    const bool kernel_is_outdated =
        node.mode != mode_before || (from_mapping && (is_change || node.used != used_before));
    if (kernel_is_outdated) fs.invalidate_attributes(ino);
    call.reply_write(std::move(fs), static_cast<std::size_t>(put));
  });
}

}  // namespace devshmd::op
