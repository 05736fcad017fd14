// SPDX-License-Identifier: MIT
// The table that libfuse calls by. Missing on purpose: flock, getlk and setlk (the kernel does locks itself then, which
// is all that one machine needs), flush and fsync (contents are in memory), ioctl, poll.
#include "all.h"

#include <cerrno>
#include <new>

#include "operations.h"

namespace devshmd::op {
namespace {

/// Out of memory is an answer too: no exception gets into libfuse. All allocations come before the answer.
template <auto function>
struct Guarded;

template <class... Arguments, void (*function)(fuse_req_t, Arguments...)>
struct Guarded<function> {
  static void call(fuse_req_t request, Arguments... arguments) {
    try {
      function(request, arguments...);
    } catch (const std::bad_alloc&) {
      fuse_reply_err(request, ENOMEM);
    }
  }
};

template <auto function>
constexpr auto guarded = &Guarded<function>::call;

}  // namespace

const fuse_lowlevel_ops& all() {
  static const fuse_lowlevel_ops table = [] {
    fuse_lowlevel_ops ops{};
    ops.init = init;
    ops.lookup = guarded<lookup>;
    ops.forget = guarded<forget>;
    ops.forget_multi = guarded<forget_multi>;
    ops.getattr = guarded<getattr>;
    ops.setattr = guarded<setattr>;
    ops.readlink = guarded<readlink>;
    ops.mknod = guarded<mknod>;
    ops.mkdir = guarded<mkdir>;
    ops.unlink = guarded<unlink>;
    ops.rmdir = guarded<rmdir>;
    ops.symlink = guarded<symlink>;
    ops.rename = guarded<rename>;
    ops.link = guarded<link>;
    ops.open = guarded<open>;
    ops.create = guarded<create>;
    ops.read = guarded<read>;
    ops.write = guarded<write>;
    ops.release = guarded<release>;
    ops.opendir = guarded<opendir>;
    ops.readdir = guarded<readdir>;
    ops.releasedir = guarded<releasedir>;
    ops.statfs = guarded<statfs>;
    ops.setxattr = guarded<setxattr>;
    ops.getxattr = guarded<getxattr>;
    ops.listxattr = guarded<listxattr>;
    ops.removexattr = guarded<removexattr>;
    ops.access = guarded<access>;
    ops.fallocate = guarded<fallocate>;
    ops.lseek = guarded<lseek>;
    return ops;
  }();
  return table;
}

}  // namespace devshmd::op
