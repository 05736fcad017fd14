// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"
#include "../flags.h"

namespace devshmd::op {

void mkdir(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode) {
  Call call(request, Operation::mkdir, parent, name);
  if (call.recorded()) call.note(mode_text(mode));
  if (call.refused()) return;
  call.lock();
  Found made;
  call.with_room([&] {
    return (made = call.fs.table.make(parent, name, {S_IFDIR | (mode & 07777), call.owner()})).error;
  });
  if (made.error) return call.error(made.error);
  call.entry(*made.node);
}

}  // namespace devshmd::op
