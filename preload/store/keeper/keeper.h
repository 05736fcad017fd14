// SPDX-License-Identifier: MIT
//
// Runs the keeper: it takes its lock, cleans up, offers its pool, serves, and ends when its directory is gone or when
// it has held nothing for a while.
#pragma once

#include "pool.h"
#include "server.h"
#include "twin.h"

namespace devshm::store {

class Keeper {
 public:
  Keeper(const Root& root, const char* backing_dir, long idle_seconds)
      : root_(root), backing_dir_(backing_dir), idle_milliseconds_(idle_seconds * 1000) {}
  Keeper(const Keeper&) = delete;

  /// Starts it: makes the first entries of the pool, and the twin. Returns 0, or a negative errno: -EAGAIN if there is
  /// a keeper already. It also returns in the twin, when the keeper has died.
  int begin();
  /// Gives the lock back if begin() has failed: whoever is told so must find no keeper.
  void unlock() const { sys::close(lock_); }
  /// Whether this process was the twin.
  bool has_taken_over() const { return has_taken_over_; }
  /// Serves until the end.
  void run();

 private:
  int clean_up_and_offer();
  void ensure_twin();
  void take_over();
  void close_what_was_in_use() const;
  void do_what_is_due(long now);
  long milliseconds_to_wait();
  bool may_end(long now);
  bool remove_everything();

  const Root& root_;
  const char* backing_dir_;
  int lock_ = -1;
  long idle_milliseconds_;
  long held_at_ = 0;  ///< when it last held something
  long looked_at_ = 0;
  Objects objects_;
  Pool pool_{root_, objects_};
  Server server_{root_, objects_, pool_};
  Twin twin_;
  bool has_taken_over_ = false;
};

}  // namespace devshm::store
