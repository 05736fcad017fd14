// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"
#include "../flags.h"
#include "../raw_request.h"

namespace devshmd::op {

// Answers O_TMPFILE as well: raw_request.h.
void create(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* info) {
  const bool unnamed = makes_unnamed(*info);
  Call call(request, unnamed ? Operation::tmpfile : Operation::create, parent, unnamed ? nullptr : name);
  if (call.recording()) call.note(open_flags(info->flags, mode));
  call.with_lock([&](Locked fs) {
    // The kernel then makes files by `mknod`, and opens them without a request.
    if (!unnamed && !call.fs().wants_opens()) return call.reply_err(std::move(fs), ENOSYS);
    const Blueprint file{S_IFREG | (mode & 07777), call.owner()};
    Found made;
    fs.with_room([&] {
      made = unnamed ? fs.table().make_unnamed(parent, file) : fs.table().make(parent, name, file);
      return made.error;
    });
    if (made.error) return call.reply_err(std::move(fs), made.error);
    call.reply_create(std::move(fs), *made.node, *info);
  });
}

}  // namespace devshmd::op
