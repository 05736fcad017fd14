// SPDX-License-Identifier: MIT
// Answers `open` and `create` with passthrough, because libfuse 3.14 has no field for the backing id. Without one they
// are libfuse's own. Each returns 0, or what libfuse returns if the answer can't be delivered.
#pragma once

#include "fuse.h"

namespace devshmd {

int reply_open(fuse_req_t request, const fuse_file_info& info, int backing_id);
int reply_create(fuse_req_t request, const fuse_entry_param& entry, const fuse_file_info& info, int backing_id);

}  // namespace devshmd
