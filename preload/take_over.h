// SPDX-License-Identifier: MIT
//
// How root makes another user's backing directory everybody's.
#pragma once

#include <sys/types.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// The owner of a directory while it is being taken over: nobody's id, so that nobody uses it or changes it meanwhile.
inline constexpr uid_t owner_in_between = 0xfffffffe;

/// Gives the directory `dir` (an absolute path), which another user has made in a sticky directory of root's, to root
/// with mode 1777. What lies in it stays as it is and its owner's, as on a shared /dev/shm; only symbolic links of
/// other users are removed. Nothing of what the old owner has set on the
/// directory itself stays: access and default ACLs (acl(5)), the set-group-ID bit, the attributes that new files
/// inherit (ioctl_iflags(2)) and the project id.
///
/// The descriptor that all this is done by is opened without following links. The caller looks at the path again
/// afterwards: from the change of the owner on, the old one can't exchange the directory, but he may have done so
/// before.
///
/// Returns 0, or an errno value: EPERM without the right to do it, or where the directory keeps something that can't be
/// taken away (an NFSv4 ACL, an encryption policy, case folding); it then belongs to its owner as before.
/// Async-signal-safe and thread-safe; errno stays as it was. Two processes may do it at the same time.
int take_over(const char* dir);

}  // namespace devshm
