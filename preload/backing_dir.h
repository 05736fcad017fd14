// SPDX-License-Identifier: MIT
//
// The backing directory: the plain directory (DEVSHM_DIR, by default /tmp/shm) that stands behind /dev/shm.
//
// It is made on first need with mode 1777, whatever the umask, and appears under its name only when it is complete.
// One that is already there keeps its mode. It is refused if it is a symbolic link, not a directory, or owned by
// someone other than root or us: in a sticky /tmp nobody else can then exchange it later. Root takes over another
// user's (take_over.h).
//
// Everything here is async-signal-safe and thread-safe, takes no lock, and leaves errno alone.
#pragma once

#include <sys/vfs.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// In place of an errno value: the call is to be made as it stands, like all that follow (settings.h, stand_aside()).
inline constexpr int real_one_serves = -1;

/// Sees to it that the backing directory can be used. Returns 0, or the errno value that the caller should fail with:
/// ELOOP for a symbolic link, ENOTDIR for something else that is no directory, EACCES for a stranger's, or what the
/// kernel said when it could not be made (EROFS, ENOSPC, EACCES, ...). A reason is said once on standard error.
///
/// Where the process has not used the directory yet and the real /dev/shm will do, it returns real_one_serves instead:
/// no program is worse off than without devshm. A reason is then said only if somebody has done something about it: the
/// user has set DEVSHM_DIR, or something suspicious lies there.
///
/// Once it has returned 0 it costs one load, but for a user's own directory in a process that was started by another
/// user (ownership.h).
int ensure_backing_dir();

/// For a call that has just failed with ENOENT: true if the backing directory was gone (many handlers empty /tmp
/// between two invocations) and has been made again, here or by somebody else in the last moments, so that the call
/// deserves another try.
bool backing_dir_was_remade();

/// Whether this process has anything to do with the directory: it has named something in it, or works in it. Until then
/// every open file is taken for an ordinary one, which costs no system call. (One that the program has inherited, or
/// got by a socket, may be none: docs/limits.md.)
bool backing_dir_is_used();

/// For the one who finds out that it is used: the working directory lies in it.
void note_that_backing_dir_is_used();

/// The first half of f_fsid, which statvfs(3) gives, too. (The member of fsid_t has another name in each libc.)
inline int half_of_fsid(const struct statfs& found) {
  int half;
  __builtin_memcpy(&half, &found.f_fsid, sizeof half);
  return half;
}

/// Whether the file system with this first half of f_fsid (statfs(2)) may be the directory's. True where that is not
/// known; false as long as the directory is not used.
bool may_be_backing_file_system(int half_of_fsid);

}  // namespace devshm
