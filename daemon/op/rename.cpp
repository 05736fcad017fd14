// SPDX-License-Identifier: MIT
#include "operations.h"

#include <cstdio>

#include "../call.h"
#include "../flags.h"

namespace devshmd::op {
namespace {

/// A directory with another parent has another `..`, which the kernel may have read before.
void drop_cached_entries(Locked& fs, Ino parent, const char* name) {
  const Found moved = fs.table().lookup(parent, name);
  if (!moved.error && moved.node->is_directory()) fs.flush(moved.node->ino);
}

}  // namespace

void rename(fuse_req_t request, fuse_ino_t parent, const char* name, fuse_ino_t new_parent, const char* new_name,
            unsigned flags) {
  Call call(request, Operation::rename, parent, name);
  if (call.recording()) {
    call.note(rename_flags(flags));
    call.note_to(new_parent, new_name);
  }
  call.with_lock([&](Locked fs) {
    const int error = fs.table().rename(parent, name, new_parent, new_name, flags, call.owner());
    if (!error && parent != new_parent && call.fs().kernel_caches()) {
      drop_cached_entries(fs, new_parent, new_name);
      if (flags & RENAME_EXCHANGE) drop_cached_entries(fs, parent, name);
    }
    call.reply_err(std::move(fs), error);
  });
}

}  // namespace devshmd::op
