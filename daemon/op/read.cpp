// SPDX-License-Identifier: MIT
#include "operations.h"

#include <vector>

#include "../call.h"

namespace devshmd::op {

void read(fuse_req_t request, fuse_ino_t ino, std::size_t size, off_t offset, fuse_file_info*) {
  Call call(request, Operation::read, ino);
  if (call.refused()) return;
  std::shared_ptr<MemoryFile> file;
  {
    std::unique_lock<std::mutex>& lock = call.lock();
    Node* node = call.node();
    if (!node) return;
    if (!node->file) return call.error(EINVAL);
    file = node->file;
    // As `relatime` has it.
    if (!(node->modified < node->accessed) || !(node->changed < node->accessed)) node->accessed = now();
    lock.unlock();
  }
  thread_local std::vector<char> buffer;
  if (buffer.size() < size) buffer.resize(size);
  const ssize_t got = file->read(buffer.data(), size, offset);
  if (got < 0) return call.error(static_cast<int>(-got));
  call.data(buffer.data(), static_cast<std::size_t>(got), true);
}

}  // namespace devshmd::op
