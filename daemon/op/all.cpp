// SPDX-License-Identifier: MIT
// Left out on purpose: flock, getlk and setlk (without them the kernel does locks itself, which is right for one
// machine), flush and fsync (contents are in memory), ioctl, poll.
#include "all.h"

#include <cerrno>
#include <new>

#include "operations.h"

namespace devshmd::op {
namespace {

/// Turns a lack of memory into an answer: no exception may reach libfuse. All allocations come before the answer.
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

}  // namespace

const fuse_lowlevel_ops& all() {
  static const fuse_lowlevel_ops table = [] {
    fuse_lowlevel_ops ops{};
#define OPERATION(name, needs_space, modifies) ops.name = &Guarded<&op::name>::call;
#define VARIANT(name, needs_space, modifies)
#include "../operations.def"
    ops.init = init;
    ops.forget = &Guarded<&forget>::call;
    ops.forget_multi = &Guarded<&forget_multi>::call;
    return ops;
  }();
  return table;
}

}  // namespace devshmd::op
