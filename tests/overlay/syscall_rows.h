// SPDX-License-Identifier: MIT
//
// A call of each system call that takes a path.
#pragma once

#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <utime.h>

#include "../../preload/wrap/syscall_numbers.h"
#include "children.h"

namespace {

using Path = const std::string&;

struct Row {
  const char* name;
  std::function<long(Path base)> call;  // `base` has "file", "link" to it, and "dir"
};

// Structures that the headers may not have.
struct xattr_args_v0 {
  unsigned long value;
  unsigned size, flags;
};
struct file_attr_v0 {
  unsigned long flags;
  unsigned sizes[4];
};

struct stat st;
struct statx stx;
char text[256];
const struct timespec times[2] = {{1000, 0}, {2000, 0}};

const char* c(const std::string& path) { return path.c_str(); }

/// The result of a call, and what is to be known of the descriptor if it gave one: it is closed.
long closed(long fd) {
  if (fd < 0) return fd;
  close(static_cast<int>(fd));
  return 0;
}

/// Runs in a process of its own: the result of what changes the process as a whole.
long apart(const std::function<long()>& call) {
  const pid_t pid = fork();
  if (pid == 0) _exit(call() == 0 ? 0 : errno);
  int status;
  waitpid(pid, &status, 0);
  return WEXITSTATUS(status);
}

char* const no_arguments[] = {nullptr};
const xattr_args_v0 xattr_value{reinterpret_cast<unsigned long>("v"), 1, 0};
file_attr_v0 attr;

std::string make_name(Path base, const char* name) { return base + "/" + name; }
#define AT(name) c(make_name(b, name))

const Row rows[] = {
#ifdef SYS_open
    {"open", [](Path b) { return closed(syscall(SYS_open, AT("new"), O_CREAT | O_RDWR, 0600)); }},
    {"creat", [](Path b) { return closed(syscall(SYS_creat, AT("new"), 0600)); }},
    {"stat", [](Path b) { return syscall(SYS_stat, AT("link"), &st) == 0 ? st.st_size : -1; }},
    {"lstat", [](Path b) { return syscall(SYS_lstat, AT("link"), &st) == 0 ? st.st_size : -1; }},
    {"access", [](Path b) { return syscall(SYS_access, AT("file"), X_OK); }},
    {"mkdir", [](Path b) { return syscall(SYS_mkdir, AT("new"), 0700); }},
    {"rmdir", [](Path b) { return syscall(SYS_rmdir, AT("dir")); }},
    {"link", [](Path b) { return syscall(SYS_link, AT("file"), AT("new")); }},
    {"symlink", [](Path b) { return syscall(SYS_symlink, "/dev/shm/text", AT("new")); }},
    {"unlink", [](Path b) { return syscall(SYS_unlink, AT("file")); }},
    {"rename", [](Path b) { return syscall(SYS_rename, AT("file"), AT("new")); }},
    {"readlink", [](Path b) { return syscall(SYS_readlink, AT("link"), text, sizeof text); }},
    {"chmod", [](Path b) { return syscall(SYS_chmod, AT("file"), 0755); }},
    {"chown", [](Path b) { return syscall(SYS_chown, AT("file"), -1, -1); }},
    {"lchown", [](Path b) { return syscall(SYS_lchown, AT("link"), -1, -1); }},
    {"utime", [](Path b) { return syscall(SYS_utime, AT("file"), nullptr); }},
    {"utimes", [](Path b) { return syscall(SYS_utimes, AT("file"), nullptr); }},
    {"futimesat", [](Path b) { return syscall(SYS_futimesat, AT_FDCWD, AT("file"), nullptr); }},
    {"mknod", [](Path b) { return syscall(SYS_mknod, AT("new"), S_IFIFO | 0600, 0); }},
#endif
    {"openat", [](Path b) { return closed(syscall(SYS_openat, AT_FDCWD, AT("new"), O_CREAT | O_RDWR, 0640)); }},
    {"openat2",
     [](Path b) {
       open_how how{O_CREAT | O_RDWR, 0600, 0};
       return closed(syscall(SYS_openat2, AT_FDCWD, AT("new"), &how, sizeof how));
     }},
    {"openat2 without symbolic links",
     [](Path b) {
       open_how how{O_RDONLY, 0, RESOLVE_NO_SYMLINKS};
       return closed(syscall(SYS_openat2, AT_FDCWD, AT("link"), &how, sizeof how));
     }},
    {"name_to_handle_at",
     [](Path b) {
       struct file_handle handle {};
       int mount;
       return syscall(SYS_name_to_handle_at, AT_FDCWD, AT("file"), &handle, &mount, 0);
     }},
    {"newfstatat", [](Path b) { return syscall(SYS_newfstatat, AT_FDCWD, AT("link"), &st, 0) == 0 ? st.st_size : -1; }},
    {"statx",
     [](Path b) {
       const long result = syscall(SYS_statx, AT_FDCWD, AT("file"), 0, STATX_BASIC_STATS, &stx);
       return result ? result : static_cast<long>(stx.stx_size);
     }},
    {"faccessat", [](Path b) { return syscall(SYS_faccessat, AT_FDCWD, AT("file"), R_OK); }},
    {"faccessat2", [](Path b) { return syscall(SYS_faccessat2, AT_FDCWD, AT("file"), R_OK, AT_EACCESS); }},
    {"mkdirat", [](Path b) { return syscall(SYS_mkdirat, AT_FDCWD, AT("new"), 0700); }},
    {"chdir", [](Path b) { return apart([&] { return syscall(SYS_chdir, AT("dir")); }); }},
    {"chroot", [](Path b) { return apart([&] { return syscall(SYS_chroot, AT("dir")); }); }},
    {"linkat", [](Path b) { return syscall(SYS_linkat, AT_FDCWD, AT("file"), AT_FDCWD, AT("new"), 0); }},
    {"symlinkat", [](Path b) { return syscall(SYS_symlinkat, "/dev/shm/text", AT_FDCWD, AT("new")); }},
    {"unlinkat", [](Path b) { return syscall(SYS_unlinkat, AT_FDCWD, AT("file"), 0); }},
    {"unlinkat of a directory", [](Path b) { return syscall(SYS_unlinkat, AT_FDCWD, AT("dir"), AT_REMOVEDIR); }},
#ifdef SYS_renameat
    {"renameat", [](Path b) { return syscall(SYS_renameat, AT_FDCWD, AT("file"), AT_FDCWD, AT("new")); }},
#endif
    {"renameat2", [](Path b) { return syscall(SYS_renameat2, AT_FDCWD, AT("file"), AT_FDCWD, AT("new"), 1); }},
    {"readlinkat", [](Path b) { return syscall(SYS_readlinkat, AT_FDCWD, AT("link"), text, sizeof text); }},
    {"fchmodat", [](Path b) { return syscall(SYS_fchmodat, AT_FDCWD, AT("file"), 0711); }},
    {"fchmodat2", [](Path b) { return syscall(SYS_fchmodat2, AT_FDCWD, AT("file"), 0711, 0); }},
    {"fchownat", [](Path b) { return syscall(SYS_fchownat, AT_FDCWD, AT("file"), -1, -1, 0); }},
    {"file_getattr", [](Path b) { return syscall(SYS_file_getattr, AT_FDCWD, AT("file"), &attr, sizeof attr, 0); }},
    {"file_setattr", [](Path b) { return syscall(SYS_file_setattr, AT_FDCWD, AT("file"), &attr, sizeof attr, 0); }},
    {"utimensat", [](Path b) { return syscall(SYS_utimensat, AT_FDCWD, AT("file"), times, 0); }},
    {"mknodat", [](Path b) { return syscall(SYS_mknodat, AT_FDCWD, AT("new"), S_IFIFO | 0600, 0); }},
    {"truncate", [](Path b) { return syscall(SYS_truncate, AT("file"), 1234); }},
    {"acct of a directory", [](Path b) { return syscall(SYS_acct, AT("dir")); }},
    {"setxattr", [](Path b) { return syscall(SYS_setxattr, AT("file"), "user.a", "v", 1, 0); }},
    {"lsetxattr", [](Path b) { return syscall(SYS_lsetxattr, AT("file"), "user.a", "v", 1, 0); }},
    {"getxattr", [](Path b) { return syscall(SYS_getxattr, AT("file"), "user.a", text, sizeof text); }},
    {"lgetxattr", [](Path b) { return syscall(SYS_lgetxattr, AT("file"), "user.a", text, sizeof text); }},
    {"listxattr", [](Path b) { return syscall(SYS_listxattr, AT("file"), text, sizeof text); }},
    {"llistxattr", [](Path b) { return syscall(SYS_llistxattr, AT("file"), text, sizeof text); }},
    {"removexattr", [](Path b) { return syscall(SYS_removexattr, AT("file"), "user.a"); }},
    {"lremovexattr", [](Path b) { return syscall(SYS_lremovexattr, AT("file"), "user.a"); }},
    {"setxattrat",
     [](Path b) {
       return syscall(SYS_setxattrat, AT_FDCWD, AT("file"), 0, "user.b", &xattr_value, sizeof xattr_value);
     }},
    {"getxattrat",
     [](Path b) {
       return syscall(SYS_getxattrat, AT_FDCWD, AT("file"), 0, "user.b", &xattr_value, sizeof xattr_value);
     }},
    {"listxattrat", [](Path b) { return syscall(SYS_listxattrat, AT_FDCWD, AT("file"), 0, text, sizeof text); }},
    {"removexattrat", [](Path b) { return syscall(SYS_removexattrat, AT_FDCWD, AT("file"), 0, "user.b"); }},
    {"execve", [](Path b) { return apart([&] { return syscall(SYS_execve, AT("file"), no_arguments, environ); }); }},
    {"execveat",
     [](Path b) {
       return apart([&] { return syscall(SYS_execveat, AT_FDCWD, AT("file"), no_arguments, environ, 0); });
     }},
    {"inotify_add_watch",
     [](Path b) {
       const int fd = inotify_init();
       const long watch = syscall(SYS_inotify_add_watch, fd, AT("dir"), IN_CREATE);
       close(fd);
       return watch;
     }},
    {"fanotify_mark",
     [](Path b) {
       const int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, 0);
       const long result = syscall(SYS_fanotify_mark, fd, FAN_MARK_ADD, FAN_CREATE | FAN_ONDIR, AT_FDCWD, AT("dir"));
       close(fd);
       return result;
     }},
    // What needs no privilege to find out whether the path is there.
    {"mount", [](Path b) { return syscall(SYS_mount, nullptr, AT("dir"), nullptr, MS_REMOUNT, nullptr); }},
    {"mount of a name", [](Path b) { return syscall(SYS_mount, "shm", AT("none"), "tmpfs", 0, nullptr); }},
    {"umount2", [](Path b) { return syscall(SYS_umount2, AT("dir"), 0); }},
    {"open_tree", [](Path b) { return closed(syscall(SYS_open_tree, AT_FDCWD, AT("dir"), 0)); }},
    {"open_tree_attr", [](Path b) { return closed(syscall(SYS_open_tree_attr, AT_FDCWD, AT("dir"), 0, nullptr, 0)); }},
    {"move_mount", [](Path b) { return syscall(SYS_move_mount, AT_FDCWD, AT("none"), AT_FDCWD, AT("dir"), 0); }},
    {"fspick", [](Path b) { return closed(syscall(SYS_fspick, AT_FDCWD, AT("dir"), 0)); }},
    {"fsconfig", [](Path b) { return syscall(SYS_fsconfig, -1, FSCONFIG_SET_PATH, "source", AT("dir"), AT_FDCWD); }},
    {"mount_setattr", [](Path b) { return syscall(SYS_mount_setattr, AT_FDCWD, AT("dir"), 0, text, 0); }},
};

}  // namespace
