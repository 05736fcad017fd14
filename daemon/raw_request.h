// SPDX-License-Identifier: MIT
// Passes on facts of a request that libfuse drops, in some versions or in all. Before libfuse sees the request, they
// are put where an argument of the operation carries them; the functions below read them there.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cstddef>

#include "fuse.h"

namespace devshmd {

/// Rewrites a request as it was read from /dev/fuse; one that is cut short stays as it is.
void adapt_request(void* request, std::size_t size);

/// `create`: is this an O_TMPFILE? libfuse knows that request since 3.17 only, so it arrives as a `create`, which has
/// the same arguments and the same answer.
inline bool makes_unnamed(const fuse_file_info& info) { return (info.flags & O_TMPFILE) == O_TMPFILE; }

/// The bit that says: this request has to drop set-id bits, since the caller lacks CAP_FSETID. It is free in the flags
/// of an open file and in a mode.
constexpr unsigned kill_set_ids = 1u << 30;
inline bool kills_set_ids(const fuse_file_info& info) {
  return static_cast<unsigned>(info.flags) & kill_set_ids;
}  ///< `write`
inline bool kills_set_ids(const struct stat& wanted) { return wanted.st_mode & kill_set_ids; }  ///< `setattr`

/// `readdir`: was the directory opened with O_NOATIME? Its flags are where its handle would be: it has none.
inline bool keeps_access_time(const fuse_file_info& info) { return info.fh & O_NOATIME; }

}  // namespace devshmd
