// SPDX-License-Identifier: MIT
//
// syscall(): the system calls that take a path or tell one, by their numbers. (Sockets: parity_socket.cpp.)
#include <errno.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include "../../../preload/wrap/syscall_numbers.h"
#include "parity.h"
#include "raw.h"

using parity::number;

namespace {

// Younger than the headers. The pointer is a number there.
struct xattr_args_v0 {
  unsigned long value;
  unsigned size, flags;
};

struct stat found;
struct statx found_by_statx;
struct statfs file_system;
char buffer[256];
char* const no_arguments[] = {nullptr};
constexpr xattr_args_v0 no_value{0, 0, 0};
constexpr timespec long_ago[2] = {{1000, 0}, {2000, 0}};
constexpr timeval as_long_ago[2] = {{3000, 0}, {4000, 0}};
constexpr utimbuf very_long_ago{5000, 6000};

std::string opened(long result) { return parity::fd(static_cast<int>(result)); }
std::string shown_stat(long result) { return number(result) + (result == 0 ? " " + parity::describe(found) : ""); }
std::string shown_statx(long result) {
  return number(result) + (result == 0 ? " " + parity::describe(found_by_statx) : "");
}
std::string shown_type(long result) {
  char type[32];
  snprintf(type, sizeof type, " type %#lx", static_cast<unsigned long>(file_system.f_type));
  return number(result) + (result == 0 ? type : "");
}
std::string shown_text(long length) {
  return number(length) + (length > 0 ? " \"" + std::string(buffer, static_cast<std::size_t>(length)) + '"' : "");
}
/// After chdir: where the program is.
std::string where(long result) {
  const std::string shown = number(result);
  const long here = parity::raw(SYS_openat, AT_FDCWD, ".", O_PATH);
  const std::string location = parity::location_of(static_cast<int>(here));
  parity::raw(SYS_close, here);
  return result == 0 ? shown + " in " + location : shown;
}

/// What changes the process as a whole, in one of its own.
template <class Do>
std::string apart(Do act) {
  const pid_t child = fork();
  if (child == 0) _exit(act() == 0 ? 0 : errno);
  int status = 0;
  waitpid(child, &status, 0);
  return "ends with " + std::to_string(status);
}

std::string watched(const char* path) {
  const int watch = inotify_init1(IN_CLOEXEC);
  errno = parity::errno_before;
  const std::string shown = number(syscall(SYS_inotify_add_watch, watch, path, IN_CREATE | IN_ONLYDIR));
  close(watch);
  return shown;
}

#ifdef SYS_open
/// Those from before the ones with a descriptor, which x86_64 has.
void old_calls() {
  EACH_PATH(opened, syscall, SYS_open, path, O_CREAT | O_RDWR, 0640);
  EACH_PATH(opened, syscall, SYS_open, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  EACH_PATH(opened, syscall, SYS_creat, path, 0600);
  EACH_PATH(shown_stat, syscall, SYS_stat, path, &found);
  EACH_PATH(shown_stat, syscall, SYS_lstat, path, &found);
  EACH_PATH(number, syscall, SYS_access, path, R_OK);
  EACH_PATH(number, syscall, SYS_mkdir, path, 0750);
  EACH_PATH(number, syscall, SYS_rmdir, path);
  EACH_PATH(number, syscall, SYS_unlink, path);
  EACH_PATH(number, syscall, SYS_symlink, "/dev/shm/text", path);
  EACH_PATH(shown_text, syscall, SYS_readlink, path, buffer, sizeof buffer);
  EACH_PATH(number, syscall, SYS_chmod, path, 0711);
  EACH_PATH(number, syscall, SYS_chown, path, 1, 2);
  EACH_PATH(number, syscall, SYS_lchown, path, 1, 2);
  EACH_PATH(number, syscall, SYS_utime, path, &very_long_ago);
  EACH_PATH(number, syscall, SYS_utimes, path, as_long_ago);
  EACH_AT(number, syscall, SYS_futimesat, dir, path, as_long_ago);
  EACH_PATH(number, syscall, SYS_mknod, path, S_IFIFO | 0600, 0);
  EACH_PAIR(number, syscall, SYS_link, path, other);
  EACH_PAIR(number, syscall, SYS_rename, path, other);
}
#else
void old_calls() {}
#endif

}  // namespace

FAMILY(raw) {
  old_calls();
  EACH_AT(opened, syscall, SYS_openat, dir, path, O_CREAT | O_RDWR, 0640);
  EACH_AT(opened, syscall, SYS_openat, dir, path, O_RDONLY | O_DIRECTORY);
  const open_how plain{O_RDONLY, 0, 0}, restricted{O_RDONLY, 0, RESOLVE_NO_SYMLINKS},
      beneath{O_RDONLY, 0, RESOLVE_BENEATH};
  EACH_AT(opened, syscall, SYS_openat2, dir, path, &plain, sizeof plain);
  EACH_AT(opened, syscall, SYS_openat2, dir, path, &restricted, sizeof restricted);
  EACH_AT(opened, syscall, SYS_openat2, dir, path, &beneath, sizeof beneath);
  EACH_AT(shown_stat, syscall, SYS_newfstatat, dir, path, &found, AT_SYMLINK_NOFOLLOW);
  EACH_AT(shown_stat, syscall, SYS_newfstatat, dir, path, &found, AT_EMPTY_PATH);
  EACH_AT(shown_statx, syscall, SYS_statx, dir, path, 0, STATX_BASIC_STATS, &found_by_statx);
  EACH_PATH(shown_type, syscall, SYS_statfs, path, &file_system);
  EACH_AT(number, syscall, SYS_faccessat, dir, path, W_OK);
  EACH_AT(number, syscall, SYS_faccessat2, dir, path, R_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW);
  EACH_AT(number, syscall, SYS_mkdirat, dir, path, 0750);
  EACH_AT(number, syscall, SYS_unlinkat, dir, path, 0);
  EACH_AT(number, syscall, SYS_unlinkat, dir, path, AT_REMOVEDIR);
  EACH_AT(number, syscall, SYS_symlinkat, "/dev/shm/text", dir, path);
  EACH_AT(shown_text, syscall, SYS_readlinkat, dir, path, buffer, sizeof buffer);
  EACH_AT(number, syscall, SYS_fchmodat, dir, path, 0711);
  EACH_AT(number, syscall, SYS_fchmodat2, dir, path, 0711, AT_SYMLINK_NOFOLLOW);
  EACH_AT(number, syscall, SYS_fchownat, dir, path, 1, 2, AT_SYMLINK_NOFOLLOW);
  EACH_AT(number, syscall, SYS_utimensat, dir, path, long_ago, 0);
  EACH_AT(number, syscall, SYS_mknodat, dir, path, S_IFIFO | 0600, 0);
  EACH_PATH(number, syscall, SYS_truncate, path, 3);
  EACH_PATH(number, syscall, SYS_setxattr, path, "user.new", "text", 4, 0);
  EACH_PATH(number, syscall, SYS_lsetxattr, path, "trusted.new", "text", 4, 0);
  EACH_PATH(number, syscall, SYS_getxattr, path, "user.none", buffer, sizeof buffer);
  EACH_PATH(number, syscall, SYS_lgetxattr, path, "user.none", buffer, sizeof buffer);
  EACH_PATH(number, syscall, SYS_listxattr, path, buffer, sizeof buffer);
  EACH_PATH(number, syscall, SYS_llistxattr, path, buffer, sizeof buffer);
  EACH_PATH(number, syscall, SYS_removexattr, path, "user.none");
  EACH_PATH(number, syscall, SYS_lremovexattr, path, "user.none");
  EACH_AT(number, syscall, SYS_setxattrat, dir, path, 0, "user.new", &no_value, sizeof no_value);
  EACH_AT(number, syscall, SYS_getxattrat, dir, path, 0, "user.none", &no_value, sizeof no_value);
  EACH_AT(number, syscall, SYS_listxattrat, dir, path, 0, buffer, sizeof buffer);
  EACH_AT(number, syscall, SYS_removexattrat, dir, path, 0, "user.none");
#ifdef SYS_renameat
  EACH_PAIR_AT(number, syscall, SYS_renameat, dir, path, other_dir, other);
#endif
  EACH_PAIR_AT(number, syscall, SYS_renameat2, dir, path, other_dir, other, 0);
  EACH_PAIR_AT(number, syscall, SYS_linkat, dir, path, other_dir, other, 0);

  EACH_PATH(where, syscall, SYS_chdir, path);
  parity::each_path("syscall", "SYS_chroot, path",
                    [](const char* path) { return apart([=] { return syscall(SYS_chroot, path); }); });
  parity::each_path("syscall", "SYS_execve, path", [](const char* path) {
    return apart([=] { return syscall(SYS_execve, path, no_arguments, environ); });
  });
  parity::each_at("syscall", "SYS_execveat, dir, path", [](int dir, const char* path) {
    return apart([=] { return syscall(SYS_execveat, dir, path, no_arguments, environ, 0); });
  });
  parity::each_path("syscall", "SYS_inotify_add_watch, watch, path", watched);
  // As for acct: only what can't succeed.
  for (const char* path : {"/dev/shm/missing", "/dev/shm/dir", "/dev/shm/f/x"})
    parity::once("syscall", std::string("SYS_acct, ") + path, [=] { return number(syscall(SYS_acct, path)); });
}
