// SPDX-License-Identifier: MIT
//
// Reads the watches of an inotify instance from /proc/self/fdinfo. The kernel removes a watch when its inode is gone,
// even if the event for that could not be delivered.
#pragma once

#include <cstddef>
#include <cstdint>

namespace devshm::store {

class WatchList {
 public:
  explicit WatchList(int inotify);
  ~WatchList();
  WatchList(const WatchList&) = delete;

  /// False if the list could not be read to the end; then it is of no use.
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
