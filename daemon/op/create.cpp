// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"
#include "../flags.h"

namespace devshmd::op {

void create(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* info) {
  const bool unnamed = is_tmpfile;
  Call call(request, unnamed ? Operation::tmpfile : Operation::create, parent, unnamed ? nullptr : name);
  if (call.recorded()) call.note(open_flags(info->flags, mode));
  if (call.refused()) return;
  call.lock();
  const Blueprint file{S_IFREG | (mode & 07777), call.owner()};
  Found made;
  call.with_room([&] {
    made = unnamed ? call.fs.table.make_unnamed(parent, file) : call.fs.table.make(parent, name, file);
    return made.error;
  });
  if (made.error) return call.error(made.error);
  call.created(*made.node, *info);
}

}  // namespace devshmd::op
