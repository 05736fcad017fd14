// SPDX-License-Identifier: MIT
//
// The backing directory: the plain directory (DEVSHM_DIR, by default /tmp/shm) that stands behind /dev/shm.
//
// It is created when first needed, with mode 1777 whatever the umask, and appears under its name only when it is
// complete. An existing one keeps its mode. It is refused if it is a symbolic link, not a directory, or owned by a user
// other than root or us: so nobody else can exchange it later in a sticky /tmp. Root takes over another user's
// directory (take_over.h).
//
// Everything here is async-signal-safe and thread-safe, takes no lock, and leaves errno alone.
#pragma once

#include <sys/vfs.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// Returned in place of an errno value: the real /dev/shm is used, so this call and all later ones are made unchanged
/// (stand_aside() in settings.h).
inline constexpr int real_one_serves = -1;

/// Makes sure that the backing directory can be used. Returns 0, or the errno value that the caller should fail with:
/// ELOOP for a symbolic link, ENOTDIR for anything else that is not a directory, EACCES for another user's directory,
/// or the kernel's error if it can't be created (EROFS, ENOSPC, EACCES, ...). The reason is reported once on standard
/// error.
///
/// If the process has not used the directory yet and the real /dev/shm will do, it returns real_one_serves instead, so
/// that no program is worse off than without devshm. The reason is then reported only if somebody can be expected to
/// act on it: the user has set DEVSHM_DIR, or something suspicious is in the directory's place.
///
/// After it has returned 0 it costs one load, except for a user's own directory in a process that another user started
/// (ownership.h).
int ensure_backing_dir();

/// For a call that has just failed with ENOENT. Returns true if the backing directory was missing (many handlers empty
/// /tmp between two invocations) and has just been created again, here or by another process, so that the call should
/// be retried.
bool backing_dir_was_remade();

/// Whether this process uses the directory: it has named something in it, or its working directory is there. Until then
/// every open file is treated as an ordinary one, which costs no system call. (This can be wrong for a file that was
/// inherited or received through a socket: docs/limits.md.)
bool backing_dir_is_used();

/// Records that the directory is used, for a caller that finds the working directory in it.
void note_that_backing_dir_is_used();

/// The first half of f_fsid, which statvfs(3) returns, too. (The member of fsid_t has another name in each libc.)
inline int half_of_fsid(const struct statfs& found) {
  int half;
  __builtin_memcpy(&half, &found.f_fsid, sizeof half);
  return half;
}

/// Whether the file system with this first half of f_fsid (statfs(2)) may be the directory's. True if that is unknown;
/// false as long as the directory is not used.
bool may_be_backing_file_system(int half_of_fsid);

}  // namespace devshm
