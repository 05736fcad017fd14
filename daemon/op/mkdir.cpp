// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"
#include "../flags.h"

namespace devshmd::op {

void mkdir(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode) {
  Call call(request, Operation::mkdir, parent, name);
  if (call.recording()) call.note(mode_text(mode));
  call.make_entry({S_IFDIR | (mode & 07777), call.owner()});
}

}  // namespace devshmd::op
