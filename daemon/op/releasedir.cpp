// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

// No mode refuses it: what was opened has to be closed. There is nothing to free (directory.h); it is recorded.
void releasedir(fuse_req_t request, fuse_ino_t ino, fuse_file_info*) {
  Call call(request, Operation::releasedir, ino);
  call.reply_err(Locked(call.fs()), 0);
}

}  // namespace devshmd::op
