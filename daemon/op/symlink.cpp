// SPDX-License-Identifier: MIT
#include "operations.h"

#include <cstring>

#include "../call.h"

namespace devshmd::op {

void symlink(fuse_req_t request, const char* target, fuse_ino_t parent, const char* name) {
  Call call(request, Operation::symlink, parent, name);
  if (call.recording()) call.note_to(target);
  call.make_entry({S_IFLNK | 0777, call.owner(), 0, target});
}

}  // namespace devshmd::op
