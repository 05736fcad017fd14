// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"
#include "../flags.h"

namespace devshmd::op {

void rename(fuse_req_t request, fuse_ino_t parent, const char* name, fuse_ino_t new_parent, const char* new_name,
            unsigned flags) {
  Call call(request, Operation::rename, parent, name);
  if (call.recording()) {
    call.note(rename_flags(flags));
    call.note_to(new_parent, new_name);
  }
  call.with_lock([&](Locked fs) {
    const int error = fs.table().rename(parent, name, new_parent, new_name, flags, call.owner());
    call.reply_err(std::move(fs), error);
  });
}

}  // namespace devshmd::op
