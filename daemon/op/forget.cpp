// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../file_system.h"

namespace devshmd::op {

void forget(fuse_req_t request, fuse_ino_t ino, std::uint64_t lookups) {
  fuse_forget_data one{ino, lookups};
  forget_multi(request, 1, &one);
}

void forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
  FileSystem& fs = *static_cast<FileSystem*>(fuse_req_userdata(request));
  {
    Locked locked(fs);
    for (std::size_t i = 0; i < count; ++i) locked.table().forget(forgets[i].ino, forgets[i].nlookup);
  }
  fs.forgotten.notify_all();
  fuse_reply_none(request);
}

}  // namespace devshmd::op
