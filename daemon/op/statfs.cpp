// SPDX-License-Identifier: MIT
#include "operations.h"

#include <algorithm>

#include "../call.h"

namespace devshmd::op {

void statfs(fuse_req_t request, fuse_ino_t ino) {
  Call call(request, Operation::statfs, ino);
  call.with_lock([&](Locked fs) {
    struct statvfs out {};
    out.f_bsize = out.f_frsize = page_size;
    out.f_namemax = longest_name;
    const Space& space = fs.space();
    // Only the pool knows of the pages that were stored into through mappings.
    const ContentPool& pool = call.fs().pool;
    const std::uint64_t used = pool.directory() >= 0 ? pool.pages_used() + space.pages_elsewhere() : space.pages_used();
    const bool full = call.fs().mode == Mode::full;
    if (space.page_limit() != Space::unlimited) {
      out.f_blocks = space.page_limit();
      out.f_bfree = out.f_bavail = full ? 0 : out.f_blocks - std::min<std::uint64_t>(out.f_blocks, used);
    }
    if (space.inode_limit() != Space::unlimited) {
      out.f_files = space.inode_limit();
      out.f_ffree = out.f_favail = full ? 0 : space.inodes_left();
    }
    call.reply_statfs(std::move(fs), out);
  });
}

}  // namespace devshmd::op
