// SPDX-License-Identifier: MIT
// Describes one object of the file system: its attributes, and what it holds. Its key is its number, never a path: a
// semaphore is linked from a temporary name to its own while it is mapped, and all its names must lead to the same
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

  // One of these, depending on the type.
  std::shared_ptr<MemoryFile> file;  ///< shared: reads and writes go on without the table's lock
  std::unique_ptr<Directory> directory;
  std::string target;

  std::map<std::string, std::string, std::less<>> attributes;  ///< extended ones
  std::vector<Name> names;                                     ///< all its names; a removed node keeps its last one
  bool unnamed = false;                                        ///< made by O_TMPFILE and not linked yet

  std::uint64_t lookups = 0;            ///< references that the kernel holds
  std::uint64_t charged = 0, used = 0;  ///< pages, see Space
  std::uint64_t used_elsewhere = 0;     ///< pages of `used` that have no descriptor
  std::uint64_t promised_end = 0;       ///< fallocate beyond the end reserves up to here

  // FUSE passthrough: while a file is open, every opener must get the same backing id.
  int backing_id = 0;
  std::uint64_t opens = 0;
  bool changes_unseen = false;  ///< was opened with passthrough: writes show only in the times of its contents
  timespec seen_modified{};     ///< the time of the contents that `modified` accounts for
  timespec seen_read{};

  /// A program set the times after the file was last opened for writing. The kernel writes stores into a mapping back
  /// later, so a store may have come before that.
  bool times_set = false;

  bool is_directory() const { return S_ISDIR(mode); }
  bool is_file() const { return S_ISREG(mode); }
  void touch(timespec now) { modified = changed = now; }
  /// Drops them as the kernel does: without the group's right to execute, the set-group-id bit means something else.
  void drop_set_ids() {
    mode &= ~static_cast<mode_t>(S_ISUID);
    if (mode & S_IXGRP) mode &= ~static_cast<mode_t>(S_ISGID);
  }
};

/// How much of the budget for inodes an extended attribute takes: 64 bytes are for its bookkeeping.
inline std::uint64_t attribute_bytes(std::size_t name, std::size_t value) { return 64 + name + value; }

inline bool operator<(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

/// The clock that the kernel itself uses for the times of files.
inline timespec now() {
  timespec time;
  clock_gettime(CLOCK_REALTIME_COARSE, &time);
  return time;
}

}  // namespace devshmd
