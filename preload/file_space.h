// SPDX-License-Identifier: MIT
//
// A file's space on disk, where fallocate(2) is not allowed: reserved, and given back, by other system calls.
//
// No byte that anybody else writes meanwhile is lost, be it by write or through a mapping: blocks are reserved without
// writing what is in them, and a file grows by having zeros appended, which never overwrites nor cuts off anything.
// All functions return 0 or an errno value, and leave errno and the file position alone. None of them takes heap
// memory. Thread-safe; async-signal-safe.
#pragma once

#include <sys/types.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// What to reserve space for: bytes `from` to `to` (exclusive) of an open regular file that can be written.
struct Range {
  off_t from;
  off_t to;
};

/// Reserves blocks for the range, so that no later write to it, nor a store through a mapping, lacks space. The size
/// stays. EOPNOTSUPP: part of it lies beyond the end of the file, and this kernel can't reserve that.
int reserve_space(int fd, Range range);

/// The same, and lets the file reach at least to the end of the range. Where it fails the size is as before.
///
/// While another process lengthens the file at the same instant it may get up to a MiB longer than either asked for;
/// among processes under devshm that is ruled out.
int grow_and_reserve(int fd, Range range);

/// Makes the range a hole: it reads as zeros, its blocks are given back, the size stays.
int punch_hole(int fd, Range range);

}  // namespace devshm
