// SPDX-License-Identifier: MIT
//
// Finds out whether an open file lies in the backing directory.
//
// In a process that has not used the directory (backing_dir.h) no file does, and nothing here makes a system call.
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

enum class Location : unsigned char {
  outside,
  in_overlay,
  unknown,  ///< not a directory, and its name is longer than /proc can say: PATH_MAX
};

/// Where descriptor `fd` is: in the overlay if it refers to the backing directory or something below it, including
/// deleted files, or to an object of the memory store. Reads its name from /proc. If that is too long, a directory is
/// located by going up from it to the backing directory, which is recognised by device and inode; a file on another
/// device is outside. Without /proc the answer is outside.
Location location_of(int fd);

/// Whether a file is to be treated as one on a tmpfs. A file of unknown location is: it is on the same device.
inline bool is_in_overlay(int fd) { return location_of(fd) != Location::outside; }

}  // namespace devshm
