// SPDX-License-Identifier: MIT
#include "raw_request.h"

#include <linux/fuse.h>

#include <cstdint>

namespace devshmd {
namespace {

void mark(std::uint32_t& word, bool kills) { word = kills ? word | kill_set_ids : word & ~kill_set_ids; }

}  // namespace

void adapt_request(void* request, std::size_t size) {
  if (size < sizeof(fuse_in_header)) return;
  auto* header = static_cast<fuse_in_header*>(request);
  void* body = header + 1;
  const std::size_t left = size - sizeof(fuse_in_header);
  switch (header->opcode) {
    case FUSE_TMPFILE:
      if (left < sizeof(fuse_create_in)) return;
      header->opcode = FUSE_CREATE;
      static_cast<fuse_create_in*>(body)->flags |= O_TMPFILE;
      return;
    case FUSE_WRITE: {
      if (left < sizeof(fuse_write_in)) return;
      auto& write = *static_cast<fuse_write_in*>(body);
      return mark(write.flags, write.write_flags & FUSE_WRITE_KILL_SUIDGID);
    }
    case FUSE_SETATTR: {
      if (left < sizeof(fuse_setattr_in)) return;
      auto& set = *static_cast<fuse_setattr_in*>(body);
      return mark(set.mode, set.valid & FATTR_KILL_SUIDGID);
    }
    case FUSE_READDIR: {
      if (left < sizeof(fuse_read_in)) return;
      auto& read = *static_cast<fuse_read_in*>(body);
      read.fh = read.flags;
      return;
    }
    default: return;
  }
}

}  // namespace devshmd
