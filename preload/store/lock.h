// SPDX-License-Identifier: MIT
//
// The store's lock, ROOT/lock. Shared: somebody creates an object, from claim to publication, or the file that stands
// in for one, or renames a name. Exclusive: somebody removes names that lead nowhere. So no name is removed that
// somebody has just made.
//
// A holder that is stopped must stop nobody else: everyone waits for a bounded time. Async-signal-safe and thread-safe.
#pragma once

#include "names.h"

namespace devshm::store {

class Lock {
 public:
  enum class Kind : unsigned char { shared, exclusive };

  /// Waits for it at most `milliseconds`.
  Lock(const Root& root, Kind kind, long milliseconds);
  /// Unlocks, for copies of the descriptor in children as well that a fork in another thread has made.
  ~Lock();
  Lock(const Lock&) = delete;

  /// 0: it is held. Else a negative errno: -ENOENT without a store, -EAGAIN after the time.
  int error() const { return error_; }
  bool is_held() const { return error_ == 0; }

 private:
  int fd_ = -1;
  int error_ = 0;
};

/// Opens a lock file below ROOT and locks it as flock(2) does. Returns its descriptor, or a negative errno: -EAGAIN if
/// it is still locked after the time. Never a file that has just been removed: a lock on that would mean nothing.
int open_locked(const char* path, int open_flags, int operation, long milliseconds);

/// Whether a keeper of this store lives. It holds ROOT/keeper locked, and so does its twin.
bool has_keeper(const Root& root);

}  // namespace devshm::store
