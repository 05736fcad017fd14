// SPDX-License-Identifier: MIT
//
// Takes a ready object from the keeper's pool, and holds the lock of its number, so that nobody else can take it. The
// object is open, empty and has no name. A claim leaves nothing behind: the lock ends with the process at the latest,
// and then the entry is in the pool again. Async-signal-safe and thread-safe.
#pragma once

#include <errno.h>

#include "lock.h"

namespace devshm::store {

class Claim {
 public:
  /// Takes an object and opens it with open(2)'s flags. The caller holds the names locked shared, for longer than the
  /// claim lives.
  Claim(const Lock& lock, const Root& root, int flags);
  /// Closes the descriptor, unless it was released.
  ~Claim();
  Claim(const Claim&) = delete;

  bool is_open() const { return fd_ >= 0; }
  /// Why there is none: -ENOENT if the pool is empty, or the error of opening it.
  int error() const { return fd_; }
  int fd() const { return fd_; }

  /// Gives the object a name, if nothing has this name. Returns 0, or a negative errno: -EEXIST; -ESTALE if the entry
  /// has been removed, so that the caller has to start again.
  int publish(const char* path) const;
  /// Leaves the descriptor to the caller.
  int release();

 private:
  bool take(const ObjectName& object);
  bool take_next();
  void take_any();
  int publish_in_steps(const char* path) const;

  const Lock& lock_;
  const Root& root_;
  const int flags_;
  int fd_ = -ENOENT;
  ObjectName object_ = {0, 0};
};

}  // namespace devshm::store
