// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void unlink(fuse_req_t request, fuse_ino_t parent, const char* name) {
  Call call(request, Operation::unlink, parent, name);
  call.with_lock([&](Locked fs) {
    const int error = fs.table().unlink(parent, name);
    call.reply_err(std::move(fs), error);
  });
}

}  // namespace devshmd::op
