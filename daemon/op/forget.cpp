// SPDX-License-Identifier: MIT
#include "operations.h"

#include <malloc.h>

#include "../file_system.h"

namespace devshmd::op {
namespace {

/// After so many objects are removed, their memory is given back to the system, as on a tmpfs: malloc would keep most
/// of it.
constexpr std::size_t worth_giving_back = 10'000;

void give_memory_back() {
#ifdef __GLIBC__  // musl's malloc does it by itself
  malloc_trim(0);
#endif
}

}  // namespace

void forget(fuse_req_t request, fuse_ino_t ino, std::uint64_t lookups) {
  fuse_forget_data one{ino, lookups};
  forget_multi(request, 1, &one);
}

void forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
  FileSystem& fs = *static_cast<FileSystem*>(fuse_req_userdata(request));
  std::size_t dropped_before = 0, dropped = 0;
  {
    Locked locked(fs);
    dropped_before = locked.table().dropped();
    for (std::size_t i = 0; i < count; ++i) locked.table().forget(forgets[i].ino, forgets[i].nlookup);
    dropped = locked.table().dropped();
  }
  fs.forgotten.notify_all();
  fuse_reply_none(request);
  if (dropped / worth_giving_back != dropped_before / worth_giving_back) give_memory_back();
}

}  // namespace devshmd::op
