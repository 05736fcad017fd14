// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

// Comes only in the modes where the kernel does not decide by itself (kernel_checks_permissions). Beside what those
// refuse, everybody may do everything with the one directory that there is.
void access(fuse_req_t request, fuse_ino_t ino, int mask) {
  Call call(request, Operation::access, ino);
  if (call.recorded()) {
    std::string text = mask & 4 ? "R" : "";
    if (mask & 2) text += 'W';
    if (mask & 1) text += 'X';
    call.note(text);
  }
  if (call.refused(mask)) return;
  call.error(0);
}

}  // namespace devshmd::op
