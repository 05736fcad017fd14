// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void rmdir(fuse_req_t request, fuse_ino_t parent, const char* name) {
  Call call(request, Operation::rmdir, parent, name);
  if (call.refused()) return;
  call.lock();
  call.error(call.fs.table.rmdir(parent, name));
}

}  // namespace devshmd::op
