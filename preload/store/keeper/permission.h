// SPDX-License-Identifier: MIT
//
// Whether somebody at the other end of a socket may open an object: what the kernel would say of a file.
#pragma once

#include <sys/stat.h>

namespace devshm::store {

class Peer {
 public:
  /// Whoever had connected the socket, at that moment.
  explicit Peer(int connection);

  bool is_known() const { return known_; }
  bool is_user(uid_t user) const { return user_ == user || user_ == 0; }
  /// For open(2)'s access mode.
  bool may_open(const struct stat& object, int flags) const;

 private:
  static constexpr unsigned most_groups = 256;
  bool has_group(gid_t group) const;

  bool known_ = false;
  uid_t user_ = 0;
  gid_t group_ = 0;
  gid_t groups_[most_groups];
  unsigned group_count_ = 0;
};

}  // namespace devshm::store
