// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"
#include "../flags.h"

namespace devshmd::op {

void mknod(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, dev_t device) {
  Call call(request, Operation::mknod, parent, name);
  if (call.recording()) call.note(mode_text(mode));
  call.make_entry({mode, call.owner(), device});
}

}  // namespace devshmd::op
