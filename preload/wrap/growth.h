// SPDX-License-Identifier: MIT
//
// Checks, when an overlay file is made longer, whether there is space to write to it.
//
// A page that has no space when it is first written ends the program: by SIGBUS on a full disk, by the OOM killer for
// memory. With DEVSHM_RESERVE=1 the space is reserved at once, and a lack of it is ENOSPC. Without, one line is written
// for each file, and the call succeeds, because LMDB and others map sparse files on purpose.
//
// A process that does not use the overlay makes no system call here. Others make one, fstatfs, unless space is short.
// Async-signal-safe and thread-safe; errno stays as it was.
#pragma once

#include <sys/types.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// To be called before ftruncate(2) gives a file this length. Returns 0, or the errno value that the call should fail
/// with.
int prepare_growth(int fd, off_t length);

/// To be called before fallocate(2) reserves space for a range of a file: for memory that is not available the kernel
/// would start the OOM killer instead of failing the call. Returns as above.
int check_reservation(int fd, off_t offset, off_t length);

}  // namespace devshm
