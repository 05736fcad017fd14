// SPDX-License-Identifier: MIT
//
// Describes each system call: which of its arguments are paths, in the terms of function.h, or which code decides if
// that depends on the call.
#pragma once

#include "function.h"
#include "syscall_numbers.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// How a system call is made.
enum class Handling : std::uint8_t {
  unchanged,    ///< passed on
  by_paths,     ///< with its paths judged
  by_rule,      ///< by a rule of its own in syscall.cpp
  as_function,  ///< by our wrapper of the function of the same name
};

struct SystemCall {
  Handling handling = Handling::unchanged;
  Paths paths;

  constexpr SystemCall() = default;
  constexpr SystemCall(Handling how) : handling(how) {}
  constexpr SystemCall(const Paths& these) : handling(Handling::by_paths), paths(these) {}
};

// NOLINTBEGIN(bugprone-branch-clone): one line for each call
constexpr SystemCall system_call(long number) {
  using namespace kinds;  // NOLINT(google-build-using-namespace)
  switch (number) {
#ifdef SYS_open  // x86_64 only: the calls from before the ones with a descriptor
    case SYS_open: return opened(1);
    case SYS_creat: return created(1);
    case SYS_stat: return path(1);
    case SYS_lstat: return path(1);
    case SYS_access: return path(1);
    case SYS_mkdir: return path(1);
    case SYS_rmdir: return removed(1);
    case SYS_link: return linked(1, 2);
    case SYS_symlink: return path(2);
    case SYS_unlink: return dropped(1);
    case SYS_rename: return moved(1, 2);
    case SYS_readlink: return Handling::as_function;
    case SYS_chmod: return changed(1);
    case SYS_chown: return changed(1);
    case SYS_lchown: return changed(1);
    case SYS_utime: return changed(1);
    case SYS_utimes: return changed(1);
    case SYS_futimesat: return changed_at(2);
    case SYS_mknod: return path(1);
#endif
    // open
    case SYS_openat: return opened_at(2);
    case SYS_openat2: return Handling::by_rule;
    case SYS_name_to_handle_at: return path_at(2);
    // stat, statfs
    case SYS_fstat: return Handling::by_rule;  // showing_files.h
    case SYS_newfstatat: return path_at(2);
    case SYS_statx: return path_at(2);
    case SYS_statfs: return Handling::as_function;
    case SYS_fstatfs: return Handling::as_function;
    // attributes
    case SYS_faccessat: return path_at(2);
    case SYS_faccessat2: return path_at(2);
    case SYS_fchmodat: return changed_at(2);
    case SYS_fchmodat2: return changed_at(2);
    case SYS_fchownat: return changed_at(2);
    case SYS_file_getattr: return path_at(2);
    case SYS_file_setattr: return path_at(2);
    case SYS_utimensat: return changed_at(2);
    case SYS_mknodat: return path_at(2);
    case SYS_truncate: return Handling::as_function;
    case SYS_ftruncate: return Handling::as_function;
    case SYS_acct: return path(1);
    case SYS_setxattr: return changed(1);
    case SYS_lsetxattr: return changed(1);
    case SYS_getxattr: return path(1);
    case SYS_lgetxattr: return path(1);
    case SYS_listxattr: return path(1);
    case SYS_llistxattr: return path(1);
    case SYS_removexattr: return changed(1);
    case SYS_lremovexattr: return changed(1);
    case SYS_setxattrat: return changed_at(2);
    case SYS_getxattrat: return path_at(2);
    case SYS_listxattrat: return path_at(2);
    case SYS_removexattrat: return changed_at(2);
    case SYS_umask:
      return Handling::by_rule;  // showing_files.h
    // dir
    case SYS_getdents64: return Handling::by_rule;  // showing_files.h
    case SYS_mkdirat: return path_at(2);
    case SYS_chdir: return path(1);
    case SYS_chroot: return path(1);
    // link
    case SYS_linkat: return linked_at(2, 4);
    case SYS_symlinkat: return path_at(3);
    case SYS_unlinkat: return unlinked_at(2);
    case SYS_renameat: return moved_at(2, 4);
    case SYS_renameat2: return moved_at(2, 4);
    // returns a path
    case SYS_readlinkat: return Handling::as_function;
    case SYS_getcwd: return Handling::by_rule;
    // exec
    case SYS_execve: return Handling::by_rule;
    case SYS_execveat: return Handling::by_rule;
    // watch
    case SYS_inotify_add_watch: return path(2);
    case SYS_fanotify_mark: return path_at(5);
    // mount
    case SYS_mount: return Handling::by_rule;
    case SYS_umount2: return path(1);
    case SYS_open_tree: return path_at(2);
    case SYS_open_tree_attr: return path_at(2);
    case SYS_move_mount: return path_at(2, 4);
    case SYS_fspick: return path_at(2);
    case SYS_fsconfig: return Handling::by_rule;
    case SYS_mount_setattr: return path_at(2);
    // socket
    case SYS_bind: return Handling::as_function;
    case SYS_connect: return Handling::as_function;
    case SYS_sendto: return Handling::as_function;
    case SYS_sendmsg: return Handling::as_function;
    case SYS_sendmmsg: return Handling::as_function;
    case SYS_accept: return Handling::as_function;
    case SYS_accept4: return Handling::as_function;
    case SYS_getsockname: return Handling::as_function;
    case SYS_getpeername: return Handling::as_function;
    case SYS_recvfrom: return Handling::as_function;
    case SYS_recvmsg: return Handling::as_function;
    case SYS_recvmmsg: return Handling::as_function;
    default: return Handling::unchanged;
  }
}
// NOLINTEND(bugprone-branch-clone)

}  // namespace devshm
