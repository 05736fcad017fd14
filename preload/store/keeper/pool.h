// SPDX-License-Identifier: MIT
//
// Keeps the pool filled: ready objects as ROOT/pool/GENERATION.NUMBER, which processes can take. Detects that the name
// of an object is gone.
//
// The link of each object is watched by its inode (inotify, IN_DONT_FOLLOW), wherever it is renamed to and however many
// hard links it has. The kernel ends that watch only when the inode has lost its last name, and only then is the object
// closed. If events were lost, the list of remaining watches (/proc/self/fdinfo) shows which objects have lost their
// names.
#pragma once

#include "objects.h"

namespace devshm::store {

class Pool {
 public:
  /// How many entries are made before a waiting caller is answered.
  static constexpr unsigned urgent = 4;

  Pool(const Root& root, Objects& objects) : root_(root), objects_(objects) {}
  Pool(const Pool&) = delete;

  /// Begins to watch. Returns 0, or a negative errno.
  int begin();
  int watching_fd() const { return inotify_; }

  /// Reads what has happened: closes objects that have lost their names, and notes which entries were taken.
  void read_events();
  /// Makes entries that are missing, `most` of them at most; is_taken_from() says whether there are more. False if
  /// there is no room for more objects.
  bool fill(unsigned most = pool_size);
  /// Examines everything, after events were lost or a keeper was killed.
  void look_at_all();

  bool has_entries() const;

  /// Objects that are not in the pool.
  unsigned held() const;
  /// Whether there are entries for fill() to make. Those that were deleted don't count.
  bool is_taken_from() const { return taken_ != 0; }
  /// How many there are.
  unsigned taken() const { return count(taken_); }
  /// Whether ROOT/lock is still the same file. If not, nobody can use this keeper.
  bool root_is_there() const;

  /// Removes the names of entries that a creator had put aside before it died. Their objects are then closed by the
  /// rule above.
  void remove_what_was_put_aside() const;

 private:
  static unsigned count(std::uint64_t bits);
  /// The path of an entry that is being made.
  PathText unfinished() const { return root_.making_dir(random_).add("/link"); }
  /// Offers an object. Returns its number, or 0 if there is no room for it.
  unsigned offer();
  void close_unwatched();
  void entry_event(const char* name, bool taken);

  const Root& root_;
  Objects& objects_;
  int inotify_ = -1;
  int pool_watch_ = -1;
  unsigned offered_[pool_size] = {};  ///< the numbers of the entries
  std::uint64_t missing_ = 0;         ///< a bit for each missing entry
  std::uint64_t taken_ = 0;
  ino_t lock_inode_ = 0;
  std::uint64_t random_ = 0;
};

}  // namespace devshm::store
