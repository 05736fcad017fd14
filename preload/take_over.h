// SPDX-License-Identifier: MIT
//
// Lets root take over another user's backing directory for everybody.
#pragma once

#include <sys/types.h>

namespace [[gnu::visibility("hidden")]] devshm {

/// The owner of a directory while it is being taken over: an id that nobody has, so that nobody uses or changes it
/// meanwhile.
inline constexpr uid_t owner_in_between = 0xfffffffe;

/// Gives the directory `dir` (an absolute path), which another user has created in a sticky directory of root's, to
/// root with mode 1777. Its contents stay and keep their owners, as on a shared /dev/shm; only symbolic links of other
/// users are removed. What the old owner has set on the directory itself is removed: access and default ACLs (acl(5)),
/// the set-group-ID bit, the attributes that new files inherit (ioctl_iflags(2)) and the project id.
///
/// The directory is opened without following links, and changed through that descriptor. The caller looks at the path
/// again afterwards: once the owner is changed the old one can't exchange the directory, but may have done so before.
///
/// Returns 0, or an errno value: EPERM without the right to do it, or if the directory keeps something that can't be
/// removed (an NFSv4 ACL, an encryption policy, case folding); it then belongs to its owner as before.
/// Async-signal-safe and thread-safe; errno stays as it was. Two processes may do it at the same time.
int take_over(const char* dir);

}  // namespace devshm
