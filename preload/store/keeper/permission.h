// SPDX-License-Identifier: MIT
//
// Decides whether the process at the other end of a socket may open an object, as the kernel decides for a file.
#pragma once

#include <sys/stat.h>

namespace devshm::store {

class Peer {
 public:
  /// The process that connected the socket, with the rights that it had then.
  explicit Peer(int connection);

  bool is_known() const { return known_; }
  bool is_user(uid_t user) const { return user_ == user || user_ == 0; }
  /// Whether it may open the object with open(2)'s access mode in `flags`.
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
