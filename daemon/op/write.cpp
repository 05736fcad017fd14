// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void write(fuse_req_t request, fuse_ino_t ino, const char* bytes, std::size_t size, off_t offset, fuse_file_info* info) {
  Call call(request, Operation::write, ino);
  if (call.refused()) return;
  std::unique_lock<std::mutex>& lock = call.lock();
  Node* node = call.node();
  if (!node) return;
  if (!node->file) return call.error(EINVAL);
  const std::shared_ptr<MemoryFile> file = node->file;
  std::uint64_t charged;
  const bool from_mapping = info && info->writepage;
  std::uint64_t room = call.fs.table.admit_write(*node, static_cast<std::uint64_t>(offset), size, charged);
  if (from_mapping && room < size) room = 0;  // there is nobody who would write the rest
  lock.unlock();

  ssize_t put = room == 0 && size != 0 ? -ENOSPC : file->write(bytes, room, offset);

  if (from_mapping && put >= 0 && static_cast<std::size_t>(put) < size) put = -ENOSPC;
  lock.lock();
  call.fs.space.give_pages(charged);
  node = call.node();  // a file that is written to is open, so it is still there
  if (!node) return;
  const std::uint64_t before = node->used;
  call.fs.table.recount(*node);
  // Stores into a mapping, that the kernel brings later, change no times on a tmpfs. And the kernel does not know that they
  // have changed how many blocks there are.
  if (put > 0 && !from_mapping) node->touch(now());
  const mode_t mode_before = node->mode;
  if (put > 0 && kills_set_ids) node->drop_set_ids();
  const bool tell_kernel = node->mode != mode_before || (from_mapping && node->used != before);
  if (put < 0) return call.error(static_cast<int>(-put));
  if (tell_kernel) {
    lock.unlock();
    fuse_lowlevel_notify_inval_inode(call.fs.session, ino, -1, 0);
  }
  call.written(static_cast<std::size_t>(put));
}

}  // namespace devshmd::op
