// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  Call call(request, Operation::lookup, parent, name);
  if (call.refused()) return;
  call.lock();
  const Found found = call.fs.table.lookup(parent, name);
  if (found.error) return call.error(found.error);
  call.entry(*found.node);
}

}  // namespace devshmd::op
