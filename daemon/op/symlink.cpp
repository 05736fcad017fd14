// SPDX-License-Identifier: MIT
#include "operations.h"

#include <cstring>

#include "../call.h"

namespace devshmd::op {

void symlink(fuse_req_t request, const char* target, fuse_ino_t parent, const char* name) {
  Call call(request, Operation::symlink, parent, name);
  if (call.recorded()) call.note_to(target);
  if (call.refused()) return;
  if (std::strlen(target) >= page_size) return call.error(ENAMETOOLONG);
  call.lock();
  Found made;
  call.with_room([&] {
    return (made = call.fs.table.make(parent, name, {S_IFLNK | 0777, call.owner(), 0, target})).error;
  });
  if (made.error) return call.error(made.error);
  call.entry(*made.node);
}

}  // namespace devshmd::op
