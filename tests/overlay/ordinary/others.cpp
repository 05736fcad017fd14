// SPDX-License-Identifier: MIT
//
// What has no family: watches, mounts, catalogues, the records of logins, and syscall().
#include <libintl.h>
#include <linux/mount.h>
#include <nl_types.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <utmp.h>
#include <utmpx.h>

#include "calls.h"

namespace ordinary {

void others(const Way& way) {
  const std::string path_text = way.file(), missing_text = way.dir + "missing";
  const char *path = path_text.c_str(), *missing = missing_text.c_str();
  const int watch = inotify_init();
  CALL(inotify_add_watch, watch, path, IN_OPEN);
  close(watch);
  CALL(fanotify_mark, -1, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, path);
  CALL(mount, missing, missing, "none", 0, nullptr);
  CALL(umount, missing);
  CALL(umount2, missing, 0);
  CALL(open_tree, AT_FDCWD, missing, 0);
  CALL(move_mount, AT_FDCWD, missing, AT_FDCWD, missing, 0);
  CALL(fspick, AT_FDCWD, missing, 0);
  CALL(mount_setattr, AT_FDCWD, missing, 0, nullptr, 0);
  CALL(fsconfig, -1, 0, "key", missing, 0);
  CALL(bindtextdomain, "domain", path);
  CALLS(catopen, {
    if (nl_catd catalog = catopen(missing, 0); catalog != reinterpret_cast<nl_catd>(-1)) catclose(catalog);
  });
  CALL(utmpname, missing);
  CALL(utmpxname, missing);
  struct utmp record {};
  CALL(updwtmp, missing, &record);
  CALL(updwtmpx, missing, reinterpret_cast<struct utmpx*>(&record));
  mark("syscall " + way.name);
  close(static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY)));
  syscall(SYS_faccessat, AT_FDCWD, path, R_OK);
  syscall(SYS_mount, missing, missing, "none", 0, nullptr);
  struct statfs found;
  const int fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY));
  syscall(SYS_fstatfs, fd, &found);
  syscall(SYS_close, fd);
}

}  // namespace ordinary
