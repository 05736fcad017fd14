// SPDX-License-Identifier: MIT
//
// The store's locks: bytes of one file, ROOT/lock. Each is locked by an open file description (fcntl(2), F_OFD_SETLK,
// Linux 3.15), so threads exclude each other as processes do, and the kernel unlocks it when its holder has died.
//
//   names     shared: somebody creates an object, from claim to publication, or the file that stands in for one, or
//             renames a name. Exclusive: somebody removes names that lead nowhere. So no name is removed that somebody
//             has just made.
//   start     somebody starts a keeper, or the keeper ends
//   keeper    held by a keeper and its twin for as long as one of them lives
//   NUMBER    somebody has taken the pool's entry for the object of this number (claim.h)
//
// A holder that is stopped must stop nobody else: everyone waits for a bounded time. Async-signal-safe and thread-safe.
#pragma once

#include <sys/types.h>

#include "names.h"

namespace devshm::store {

/// What is locked: a byte's place in the file.
enum class Locked : off_t { names = 0, start = 1, keeper = 2 };
inline constexpr Locked entry_of(unsigned number) { return static_cast<Locked>(number); }

class Lock {
 public:
  enum class Kind : unsigned char { shared, exclusive };

  /// Locks the names. Waits for that at most `milliseconds`.
  Lock(const Root& root, Kind kind, long milliseconds);
  /// Unlocks what was locked by it.
  ~Lock();
  Lock(const Lock&) = delete;

  /// 0: it is held. Else a negative errno: -ENOENT without a store, -EAGAIN after the time.
  int error() const { return fd_ < 0 ? fd_ : 0; }
  bool is_held() const { return fd_ >= 0; }

  /// Locks something else as well, exclusively and without waiting. 0, or a negative errno: -EAGAIN if somebody has it.
  int add(Locked what) const;
  /// Unlocks that.
  void remove(Locked what) const;

 private:
  int fd_;
};

/// Opens the lock file and locks something. Returns the descriptor, or a negative errno: -EAGAIN if it is still locked
/// after the time. Never a file that has just been removed: a lock on that would mean nothing.
int open_locked(const Root& root, Locked what, Lock::Kind kind, long milliseconds);

/// Unlocks all that was locked by this descriptor, also for copies of it in children that a fork in another thread has
/// made, and closes it.
void unlock_and_close(int fd);

/// Whether a keeper of this store lives.
bool has_keeper(const Root& root);

}  // namespace devshm::store
