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
#include "forward.h"

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

EXPORT int mount(const char* source, const char* target, const char* type, unsigned long flags,
                 const void* data) NOTHROW {
  if (source_is_path(source, flags)) return forward(NEXT(mount), Path(source), Path(target), type, flags, data);
  return forward(NEXT(mount), source, Path(target), type, flags, data);
}

EXPORT int umount(const char* path) NOTHROW { return forward(NEXT(umount), Path(path)); }
EXPORT int umount2(const char* path, int flags) NOTHROW { return forward(NEXT(umount2), Path(path), flags); }

EXPORT int open_tree(int dir, const char* path, unsigned flags) NOTHROW {
  return forward(NEXT(open_tree), dir, PathAt(path), flags);
}
EXPORT int move_mount(int from_dir, const char* from, int to_dir, const char* to, unsigned flags) NOTHROW {
  return forward(NEXT(move_mount), from_dir, PathAt(from), to_dir, PathAt(to), flags);
}
EXPORT int fspick(int dir, const char* path, unsigned flags) NOTHROW {
  return forward(NEXT(fspick), dir, PathAt(path), flags);
}
EXPORT int mount_setattr(int dir, const char* path, unsigned flags, struct mount_attr* attributes,
                         size_t size) NOTHROW {
  return forward(NEXT(mount_setattr), dir, PathAt(path), flags, attributes, size);
}

// The value is a path by the command that says so; as text it is mount()'s source, under the key of that name.
EXPORT int fsconfig(int fd, unsigned command, const char* key, const void* value, int extra) NOTHROW {
  const auto next = NEXT(fsconfig);
  const char* text = static_cast<const char*>(value);
  if (command == FSCONFIG_SET_PATH || command == FSCONFIG_SET_PATH_EMPTY)
    return forward(next, fd, command, key, PathBefore(text), extra);
  if (command == FSCONFIG_SET_STRING && key && __builtin_strcmp(key, "source") == 0 && is_overlay_device(text))
    return forward(next, fd, command, key, Path(text), extra);
  return next.get()(fd, command, key, value, extra);
}
