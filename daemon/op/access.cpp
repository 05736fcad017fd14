// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

// The kernel asks this only in the modes where it does not decide by itself (kernel_checks_permissions). What those
// allow is allowed to everybody: there is only one directory.
void access(fuse_req_t request, fuse_ino_t ino, int mask) {
  Call call(request, Operation::access, ino);
  if (call.recording()) {
    std::string text = mask & 4 ? "R" : "";
    if (mask & 2) text += 'W';
    if (mask & 1) text += 'X';
    call.note(text);
  }
  call.with_lock([&](Locked fs) { call.reply_err(std::move(fs), 0); }, mask);
}

}  // namespace devshmd::op
