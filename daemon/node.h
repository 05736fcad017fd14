// SPDX-License-Identifier: MIT
// One object of the file system: what stat tells of it, and what it holds. Keyed by its number alone, never by a path:
// a semaphore is linked from a temporary name to its own while it is mapped, and all its names must lead to the same
// pages.
#pragma once

#include <sys/stat.h>
#include <time.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "directory.h"
#include "memory_file.h"

namespace devshmd {

struct Owner {
  uid_t uid;
  gid_t gid;
};

struct Name {
  Ino parent;
  std::string text;
  friend bool operator==(const Name&, const Name&) = default;
};

struct Node {
  Node(Ino ino, mode_t mode, Owner owner, timespec now)
      : ino(ino), mode(mode), owner(owner), accessed(now), modified(now), changed(now) {}

  const Ino ino;
  mode_t mode;
  Owner owner;
  dev_t device = 0;
  nlink_t links = 0;
  timespec accessed, modified, changed;

  // One of these, by type.
  std::shared_ptr<MemoryFile> file;  ///< shared: reads and writes go on without the table's lock
  std::unique_ptr<Directory> directory;
  std::string target;

  std::map<std::string, std::string, std::less<>> attributes;  ///< extended ones
  std::vector<Name> names;                                     ///< all there are; of a removed node the last it had
  bool unnamed = false;                                        ///< made by O_TMPFILE, and not linked yet

  std::uint64_t lookups = 0;            ///< references that the kernel holds
  std::uint64_t charged = 0, used = 0;  ///< pages, see Space
  std::uint64_t promised_end = 0;       ///< fallocate beyond the end reserves up to here

  // FUSE passthrough: while the file is open, every opener must be given the same backing id.
  int backing_id = 0;
  std::uint64_t opens = 0;
  bool changes_unseen = false;  ///< was opened with passthrough: its contents' own times tell of writes
  timespec seen_modified{};     ///< the time of the contents that `modified` accounts for
  timespec seen_read{};

  /// The times were set by hand after the file was last opened for writing. Stores into a mapping are brought by the kernel
  /// later, and may have come before that.
  bool times_set = false;

  bool is_directory() const { return S_ISDIR(mode); }
  bool is_file() const { return S_ISREG(mode); }
  void touch(timespec now) { modified = changed = now; }
  /// As the kernel does it: the group's bit without the right to execute means something else.
  void drop_set_ids() {
    mode &= ~static_cast<mode_t>(S_ISUID);
    if (mode & S_IXGRP) mode &= ~static_cast<mode_t>(S_ISGID);
  }
};

/// What an extended attribute counts in the budget for inodes; 64 for the bookkeeping of one.
inline std::uint64_t attribute_bytes(std::size_t name, std::size_t value) { return 64 + name + value; }

inline bool operator<(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

/// The clock that the kernel itself stamps files with.
inline timespec now() {
  timespec time;
  clock_gettime(CLOCK_REALTIME_COARSE, &time);
  return time;
}

}  // namespace devshmd
