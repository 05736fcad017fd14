// SPDX-License-Identifier: MIT
#include "operations.h"

#include <algorithm>

#include "../call.h"
#include "../content_pool.h"

namespace devshmd::op {

void statfs(fuse_req_t request, fuse_ino_t ino) {
  Call call(request, Operation::statfs, ino);
  if (call.refused()) return;
  struct statvfs out {};
  out.f_bsize = out.f_frsize = page_size;
  out.f_namemax = longest_name;
  call.lock();
  const Space& space = call.fs.space;
  // What is stored into mappings is known there alone.
  const std::uint64_t used = call.fs.pool >= 0 ? pages_in_pool(call.fs.pool) + space.link_pages() : space.pages_used();
  const bool full = call.fs.mode == Mode::full;
  if (space.page_limit() != Space::unlimited) {
    out.f_blocks = space.page_limit();
    out.f_bfree = out.f_bavail = full ? 0 : out.f_blocks - std::min<std::uint64_t>(out.f_blocks, used);
  }
  if (space.inode_limit() != Space::unlimited) {
    out.f_files = space.inode_limit();
    out.f_ffree = out.f_favail = full ? 0 : space.inodes_left();
  }
  call.statistics(out);
}

}  // namespace devshmd::op
