// SPDX-License-Identifier: MIT
//
// Reserves and frees a file's space on disk with other system calls, where fallocate(2) is not allowed.
//
// Nothing that others write meanwhile is lost, be it by write or through a mapping: blocks are reserved without writing
// to them, and a file grows by appended zeros, which neither overwrite nor truncate anything. All functions return 0 or
// an errno value, and leave errno and the file position alone. None of them takes heap memory. Thread-safe;
// async-signal-safe.
#pragma once

#include <sys/types.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// The range to reserve space for: bytes `from` to `to` (exclusive) of an open regular file that can be written.
struct Range {
  off_t from;
  off_t to;
};

/// Reserves blocks for the range, so that no later write to it, nor a store through a mapping, lacks space. The size
/// stays. Returns EOPNOTSUPP if part of it lies beyond the end of the file and this kernel can't reserve that.
int reserve_space(int fd, Range range);

/// The same, and extends the file at least to the end of the range. If it fails, the size is as before.
///
/// If another process extends the file at the same instant, the file may get up to a MiB longer than either asked for;
/// processes under devshm exclude each other.
int grow_and_reserve(int fd, Range range);

/// Makes the range a hole: it reads as zeros, its blocks are freed, the size stays.
int punch_hole(int fd, Range range);

}  // namespace devshm
