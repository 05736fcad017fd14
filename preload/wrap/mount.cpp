// SPDX-License-Identifier: MIT
//
// Mounts, by the old call and by the new ones (Linux 5.2, glibc 2.36).
//
// The source of a mount is a path if something that is there gets mounted elsewhere (MS_BIND, MS_MOVE), or if it is a
// device. Otherwise it is a label ("tmpfs", "none", whatever a FUSE server calls itself) that shows up in /proc/mounts
// and stays as it is. Paths among a file system's options (lowerdir=...) are text for that file system: not rewritten.
// Not here: pivot_root, swapon, swapoff, quotactl, uselib, which never work on what is below /dev/shm.
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

namespace {

namespace kinds = devshm::kinds;

[[gnu::cold, gnu::noinline]] bool is_device_below(const char* source) {
  devshm::JudgedPath judged(source);
  std::size_t room = 0;
  if (judged.judge(room) != 0 || !judged.is_inside()) return false;
  char* memory = static_cast<char*>(alloca(room));
  struct stat found {};
  return devshm::sys::fstatat(AT_FDCWD, judged.place(memory), &found, 0) == 0 && S_ISBLK(found.st_mode);
}

/// Whether the name of a device lies in the overlay. Only an absolute one can: a label may be any word.
bool is_overlay_device(const char* source) {
  return devshm::may_match(source) && source[0] == '/' && is_device_below(source);
}

bool source_is_path(const char* source, unsigned long flags) {
  if (flags & MS_REMOUNT) return false;
  return (flags & (MS_BIND | MS_MOVE)) || is_overlay_device(source);
}

}  // namespace

IF_MATCHING(1_2, int, mount, const char* source, const char* target, const char* type, unsigned long flags,
            const void* data) {
  const devshm::PathPlaces places =
      source_is_path(source, flags) ? kinds::places(kinds::path(1), kinds::path(2)) : kinds::places(kinds::path(2));
  return rewrite_at(places, REAL(mount), source, target, type, flags, data);
}

FORWARD(umount, path, 1);
FORWARD(umount2, path, 1);

FORWARD(open_tree, path_at, 2);
FORWARD_TWO(move_mount, path_at, 2, 4);
FORWARD(fspick, path_at, 2);
FORWARD(mount_setattr, path_at, 2);

// The value is a path by the command that says so; as text it is mount()'s source, under the key of that name.
EXPORT int fsconfig(int fd, unsigned command, const char* key, const void* value, int extra) NOTHROW {
  devshm::PathPlaces places;
  if (command == FSCONFIG_SET_PATH || command == FSCONFIG_SET_PATH_EMPTY)
    places.of[0] = kinds::path_before(4);
  else if (command == FSCONFIG_SET_STRING && key && devshm::same(key, "source") &&
           is_overlay_device(static_cast<const char*>(value)))
    places.of[0] = kinds::path(4);
  return rewrite_at(places, NEXT(fsconfig), fd, command, key, value, extra);
}
