// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  Call call(request, Operation::lookup, parent, name);
  call.with_lock([&](Locked fs) {
    const Found found = fs.table().lookup(parent, name);
    if (found.error) return call.reply_absent(std::move(fs), found.error);
    call.reply_entry(std::move(fs), *found.node);
  });
}

}  // namespace devshmd::op
