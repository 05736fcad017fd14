// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

// No mode refuses it: what was opened has to be freed.
void releasedir(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info) {
  Call call(request, Operation::releasedir, ino);
  Locked fs(call.fs());
  fs.close_directory(info->fh);
  call.reply_err(std::move(fs), 0);
}

}  // namespace devshmd::op
