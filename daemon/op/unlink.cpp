// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void unlink(fuse_req_t request, fuse_ino_t parent, const char* name) {
  Call call(request, Operation::unlink, parent, name);
  if (call.refused()) return;
  call.lock();
  call.error(call.fs.table.unlink(parent, name));
}

}  // namespace devshmd::op
