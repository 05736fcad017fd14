// SPDX-License-Identifier: MIT
//
// What happens when an overlay file is made longer: is there the space that it may be written with?
//
// Pages of a file that lack space when they are first written end the program: SIGBUS on a full disk, the OOM killer
// for memory. With DEVSHM_RESERVE=1 the space is taken at once, and a lack of it is ENOSPC. Without, a line says so,
// once for each file: the sparse mappings of LMDB and others are meant.
//
// A process that does not use the overlay makes no system call here; in others it is one, fstatfs, unless space is
// short. Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <sys/types.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// Before a file gets this length by ftruncate(2). Returns 0, or the errno value that the call should fail with.
int prepare_growth(int fd, off_t length);

/// Before space is reserved for a range of a file by fallocate(2): memory that is not there would be the OOM killer's
/// business, not the call's. Returns as above.
int check_reservation(int fd, off_t offset, off_t length);

}  // namespace devshm
