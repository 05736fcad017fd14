// SPDX-License-Identifier: MIT
//
// Wraps the functions that mount, the old one and the new ones (Linux 5.2, glibc 2.36). Not here: pivot_root, swapon,
// swapoff, quotactl, uselib, which never work on anything below /dev/shm.
#include "mount.h"

#include <linux/mount.h>
#include <sys/mount.h>

#include "../sys.h"
#include "../text.h"
#include "wrapper.h"

// Not declared by older headers.
extern "C" {
struct mount_attr;
int open_tree(int, const char*, unsigned) NOTHROW;
int move_mount(int, const char*, int, const char*, unsigned) NOTHROW;
int fspick(int, const char*, unsigned) NOTHROW;
int fsconfig(int, unsigned, const char*, const void*, int) NOTHROW;
int mount_setattr(int, const char*, unsigned, struct mount_attr*, size_t) NOTHROW;
}

namespace devshm {
namespace {

/// Whether this is the name of a block device in the overlay. Only an absolute name can be: a label may be any word.
[[gnu::cold]] bool is_overlay_device(const char* source) {
  if (!may_match(source) || source[0] != '/') return false;
  bool is_device = false;
  with_kernel_path(source, [&](const KernelPath& real) {
    struct stat found {};
    is_device = real.is_inside && sys::fstatat(AT_FDCWD, real.text, &found, 0) == 0 && S_ISBLK(found.st_mode);
  });
  return is_device;
}

}  // namespace

Paths mount_paths(const char* source, unsigned long flags) {
  const bool source_is_path = !(flags & MS_REMOUNT) && (flags & (MS_BIND | MS_MOVE) || is_overlay_device(source));
  return source_is_path ? kinds::path(1, 2) : kinds::path(2);
}

Paths fsconfig_paths(unsigned command, const char* key, const void* value) {
  if (command == FSCONFIG_SET_PATH || command == FSCONFIG_SET_PATH_EMPTY) return kinds::path_before(4);
  const bool is_source = command == FSCONFIG_SET_STRING && key && same(key, "source");
  return is_source && is_overlay_device(static_cast<const char*>(value)) ? kinds::path(4) : Paths();
}

EXPORT int mount(const char* source, const char* target, const char* type, unsigned long flags,
                 const void* data) NOTHROW {
  return NEXT(mount).rewrite_at(mount_paths(source, flags), source, target, type, flags, data);
}

FORWARD(umount, path, 1);
FORWARD(umount2, path, 1);

FORWARD(open_tree, path_at, 2);
FORWARD(move_mount, path_at, 2, 4);
FORWARD(fspick, path_at, 2);
FORWARD(mount_setattr, path_at, 2);

EXPORT int fsconfig(int fd, unsigned command, const char* key, const void* value, int extra) NOTHROW {
  return NEXT(fsconfig).rewrite_at(fsconfig_paths(command, key, value), fd, command, key, value, extra);
}

}  // namespace devshm
