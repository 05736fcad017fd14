// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"
#include "open_directory.h"

namespace devshmd::op {

// No mode refuses it: what was opened has to be freed.
void releasedir(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info) {
  Call call(request, Operation::releasedir, ino);
  delete open_directory(*info);
  call.reply_err(Locked(call.fs()), 0);
}

}  // namespace devshmd::op
