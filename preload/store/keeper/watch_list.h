// SPDX-License-Identifier: MIT
//
// Which watches an inotify instance has, as /proc/self/fdinfo lists them. The kernel removes one when its inode is
// gone, whether the event of that could be delivered or not.
#pragma once

#include <cstddef>
#include <cstdint>

namespace devshm::store {

class WatchList {
 public:
  explicit WatchList(int inotify);
  ~WatchList();
  WatchList(const WatchList&) = delete;

  /// False if it could not be read to the end: nothing is known then.
  bool is_complete() const { return complete_; }
  bool has(int watch) const;

 private:
  void read_from(int fd);
  void add(int watch);

  std::int32_t* watches_ = nullptr;
  std::size_t count_ = 0;
  std::size_t capacity_ = 0;
  bool complete_ = false;
};

}  // namespace devshm::store
