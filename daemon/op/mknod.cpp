// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"
#include "../flags.h"

namespace devshmd::op {

void mknod(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, dev_t device) {
  Call call(request, Operation::mknod, parent, name);
  if (call.recorded()) call.note(mode_text(mode));
  if (call.refused()) return;
  call.lock();
  Found made;
  call.with_room([&] { return (made = call.fs.table.make(parent, name, {mode, call.owner(), device})).error; });
  if (made.error) return call.error(made.error);
  call.entry(*made.node);
}

}  // namespace devshmd::op
