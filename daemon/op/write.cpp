// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {
namespace {

/// As much as there is room for, or -ENOSPC. With the lock, which is given up while the bytes are copied.
ssize_t write_what_fits(Call& call, Node& node, const char* bytes, std::size_t size, off_t offset,
                        std::unique_lock<std::mutex>& lock) {
  const std::shared_ptr<MemoryFile> file = node.file;
  std::uint64_t charged;
  const std::uint64_t room = call.fs.table.admit_write(node, static_cast<std::uint64_t>(offset), size, charged);
  lock.unlock();
  const ssize_t put = room == 0 && size != 0 ? -ENOSPC : file->write(bytes, room, offset);
  lock.lock();
  call.fs.space.give_pages(charged);
  call.fs.table.recount(node);  // a file that is written to is open: the kernel keeps it
  return put;
}

}  // namespace

void write(fuse_req_t request, fuse_ino_t ino, const char* bytes, std::size_t size, off_t offset,
           fuse_file_info* info) {
  Call call(request, Operation::write, ino);
  if (call.refused()) return;
  std::unique_lock<std::mutex>& lock = call.lock();
  Node* node = call.node();
  if (!node) return;
  if (!node->file) return call.error(EINVAL);
  const std::uint64_t used_before = node->used;
  const mode_t mode_before = node->mode;
  ssize_t put = 0;
  call.with_room([&] {
    put = write_what_fits(call, *node, bytes, size, offset, lock);
    return put >= 0 && static_cast<std::size_t>(put) < size ? ENOSPC : put < 0 ? static_cast<int>(-put) : 0;
  });
  // Stores into a mapping, which the kernel brings later: there is nobody who would bring again what found no room, and the
  // kernel does not know that the file has other times now, and more blocks.
  const bool from_mapping = info && info->writepage;
  if (from_mapping && put >= 0 && static_cast<std::size_t>(put) < size) put = -ENOSPC;
  if (put < 0) return call.error(static_cast<int>(-put));
  const bool is_change = put > 0 && !(from_mapping && node->times_set);
  if (is_change) node->touch(now());
  if (!from_mapping) node->times_set = false;
  if (put > 0 && kills_set_ids) node->drop_set_ids();
  const bool tell_kernel =
      node->mode != mode_before || (from_mapping && (is_change || node->used != used_before));
  if (tell_kernel) {
    lock.unlock();
    fuse_lowlevel_notify_inval_inode(call.fs.session, ino, -1, 0);
  }
  call.written(static_cast<std::size_t>(put));
}

}  // namespace devshmd::op
