// SPDX-License-Identifier: MIT
//
// Locks bytes of the store's lock file, ROOT/lock. Each is locked by an open file description (fcntl(2), F_OFD_SETLK,
// Linux 3.15), so threads exclude each other as processes do, and the kernel unlocks it when its holder has died.
//
//   names     shared by processes that create an object, from claim to publication, or a file in place of one, or
//             rename a name. Exclusive for a process that removes names that lead nowhere. So no name is removed that
//             another process has just made.
//   start     held by a process that starts a keeper, and by a keeper that ends
//   keeper    held by a keeper and its twin as long as one of them lives
//   NUMBER    held by the process that has taken the pool's entry for the object of this number (claim.h)
//
// A stopped process that holds the lock must not stop others, so every process waits for a bounded time.
// Async-signal-safe and thread-safe.
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

  /// Locks the names. Waits at most `milliseconds` for that.
  Lock(const Root& root, Kind kind, long milliseconds);
  /// Unlocks everything that this object has locked.
  ~Lock();
  Lock(const Lock&) = delete;

  /// 0 if the lock is held, else a negative errno: -ENOENT without a store, -EAGAIN after the time.
  int error() const { return fd_ < 0 ? fd_ : 0; }
  bool is_held() const { return fd_ >= 0; }

  /// Locks something else as well, exclusively and without waiting. Returns 0, or a negative errno: -EAGAIN if it is
  /// locked.
  int add(Locked what) const;

 private:
  int fd_;
};

/// Opens the lock file and locks something. Returns the descriptor, or a negative errno: -EAGAIN if it is still locked
/// after the time, -EPERM if it is another user's. The file is never one that has just been removed, because a lock on
/// that has no effect.
int open_locked(const Root& root, Locked what, Lock::Kind kind, long milliseconds);

/// Unlocks everything that was locked by this descriptor, and closes it. Copies of it, which a fork in another thread
/// may have made in children, hold no lock afterwards.
void unlock_and_close(int fd);

/// Whether a keeper of this store is alive.
bool has_keeper(const Root& root);

}  // namespace devshm::store
