// SPDX-License-Identifier: MIT
//
// A ready object taken from the keeper's pool, which nobody else can take: its pool entry is renamed to a name of our
// own. It is open, empty and nobody's, with mode 0600. Async-signal-safe and thread-safe.
#pragma once

#include "names.h"

namespace devshm::store {

class Claim {
 public:
  /// Takes one, and opens it with open(2)'s flags. The lock is held shared.
  Claim(const Root& root, int flags);
  /// What has not been published goes back to nothing.
  ~Claim();
  Claim(const Claim&) = delete;

  bool is_open() const { return fd_ >= 0; }
  /// Why there is none: -ENOENT if the pool is empty, or what opening it said.
  int error() const { return fd_; }
  int fd() const { return fd_; }

  /// Gives it a name, if nothing has this name. 0, or a negative errno: -EEXIST; -ESTALE if the claim has been taken
  /// away, so that the caller has to start again.
  int publish(const char* path);
  /// Leaves the descriptor to the caller.
  int release();

 private:
  void take(const Root& root);
  PathText name_;
  int fd_ = -1;
  bool is_named_ = false;
};

}  // namespace devshm::store
