// SPDX-License-Identifier: MIT
//
// The pool: ready objects as ROOT/pool/GENERATION.NUMBER, for the taking; and how the keeper learns that a name is
// gone.
//
// The link of each object is watched by its own inode (inotify, IN_DONT_FOLLOW), wherever it is renamed to and however
// many hard links it has. The kernel ends that watch when the inode has lost its last name, and in no other way: only
// then is the object closed. Where events were lost, the list of watches that are left (/proc/self/fdinfo) says which.
#pragma once

#include "objects.h"

namespace devshm::store {

class Pool {
 public:
  /// As many entries as a caller that waits for some has to wait for.
  static constexpr unsigned urgent = 4;

  Pool(const Root& root, Objects& objects) : root_(root), objects_(objects) {}
  Pool(const Pool&) = delete;

  /// Begins to watch. 0, or a negative errno.
  int begin();
  int watching_fd() const { return inotify_; }

  /// Reads what has happened: closes objects that have lost their names, and notes which entries were taken.
  void read_events();
  /// Makes entries that are missing, `most` of them at most; is_taken_from() says whether there are more. False if
  /// there is no room for more objects.
  bool fill(unsigned most = pool_size);
  /// Looks at everything, where it is not known what has happened: events were lost, or a keeper was killed.
  void look_at_all();

  bool has_entries() const;

  /// Objects that are not in the pool.
  unsigned held() const;
  /// Whether there are entries for fill() to make. Those that were deleted don't count.
  bool is_taken_from() const { return taken_ != 0; }
  /// Whether ROOT/lock is the file that it was. If not, this keeper is of no use to anybody.
  bool root_is_there() const;

  /// Removes entries that a creator has put aside before it died. Only their names: objects go by the rule above.
  void remove_what_was_put_aside() const;

 private:
  /// The number of an object that was offered; 0: none.
  unsigned offer();
  void close_unwatched();
  void entry_event(const char* name, bool taken);

  const Root& root_;
  Objects& objects_;
  int inotify_ = -1;
  int pool_watch_ = -1;
  unsigned offered_[pool_size] = {};  ///< the numbers of the entries
  std::uint64_t missing_ = 0;         ///< entries, by bit
  std::uint64_t taken_ = 0;
  ino_t lock_inode_ = 0;
};

}  // namespace devshm::store
