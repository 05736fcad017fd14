// SPDX-License-Identifier: MIT
#include "permission.h"

#include "../kernel.h"

namespace devshm::store {
namespace {

/// What SO_PEERCRED returns.
struct Credentials {
  int process;
  uid_t user;
  gid_t group;
};
constexpr int peer_groups = 59;  // SO_PEERGROUPS, Linux 4.13

unsigned wanted_bits(int flags) {
  switch (flags & O_ACCMODE) {
    case O_RDONLY: return 4;
    case O_WRONLY: return 2;
    default: return 6;
  }
}

}  // namespace

Peer::Peer(int connection) {
  Credentials credentials = {0, 0, 0};
  unsigned size = sizeof credentials;
  if (sys::call(SYS_getsockopt, connection, SOL_SOCKET, SO_PEERCRED, sys::word(&credentials), sys::word(&size)) != 0)
    return;
  user_ = credentials.user;
  group_ = credentials.group;
  known_ = true;
  // If the peer has more groups than this, or the kernel does not report them, none count.
  size = sizeof groups_;
  if (sys::call(SYS_getsockopt, connection, SOL_SOCKET, peer_groups, sys::word(groups_), sys::word(&size)) == 0)
    group_count_ = size / sizeof groups_[0];
}

bool Peer::has_group(gid_t group) const {
  if (group == group_) return true;
  for (unsigned i = 0; i < group_count_; ++i)
    if (groups_[i] == group) return true;
  return false;
}

bool Peer::may_open(const struct stat& object, int flags) const {
  if (!known_) return false;
  if (user_ == 0) return true;
  const unsigned shift = user_ == object.st_uid ? 6 : has_group(object.st_gid) ? 3 : 0;
  const unsigned wanted = wanted_bits(flags);
  return (object.st_mode >> shift & wanted) == wanted;
}

}  // namespace devshm::store
