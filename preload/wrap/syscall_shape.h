// SPDX-License-Identifier: MIT
//
// What is known of the system calls: which of their arguments are paths.
#pragma once

#include "syscall_numbers.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// Where a system call has its paths. Arguments are counted from 1.
enum class Shape : unsigned char {
  none,
  path,            // a path at 1
  path_at,         // a descriptor at 1, its path at 2
  second,          // a path at 2
  third_at,        // a descriptor at 2, its path at 3
  fourth_at,       // a descriptor at 4, its path at 5
  two,             // paths at 1 and 2
  two_at,          // descriptors at 1 and 3, their paths at 2 and 4
  removed,         // as `path`; what it leads to is removed or renamed
  removed_two,     // as `two`, likewise
  removed_two_at,  // as `two_at`, likewise
  unlinkat,        // as `path_at`; removes a directory if a flag says so
  openat2,         // as `path_at`, with restrictions
  statfs,          // as `path`; asks for the file system
  fstatfs,         // the same of a descriptor
  mount,           // a source at 1, if it looks like a path, and a path at 2
  fsconfig,        // a path at 4 and its descriptor at 5, for some commands
  execve,          // as `path`, with an environment at 3
  execveat,        // as `path_at`, with an environment at 4
  getcwd,          // none; a path comes back
  as_function,     // whatever the function of the same name does, both ways
};

/// The table.
// NOLINTBEGIN(bugprone-branch-clone): one line for each call
constexpr Shape shape_of(long number) {
  switch (number) {
#ifdef SYS_open  // x86_64 only: the calls from before the ones with a descriptor
    case SYS_open: return Shape::path;
    case SYS_creat: return Shape::path;
    case SYS_stat: return Shape::path;
    case SYS_lstat: return Shape::path;
    case SYS_access: return Shape::path;
    case SYS_mkdir: return Shape::path;
    case SYS_rmdir: return Shape::removed;
    case SYS_link: return Shape::two;
    case SYS_symlink: return Shape::second;
    case SYS_unlink: return Shape::path;
    case SYS_rename: return Shape::removed_two;
    case SYS_readlink: return Shape::as_function;
    case SYS_chmod: return Shape::path;
    case SYS_chown: return Shape::path;
    case SYS_lchown: return Shape::path;
    case SYS_utime: return Shape::path;
    case SYS_utimes: return Shape::path;
    case SYS_futimesat: return Shape::path_at;
    case SYS_mknod: return Shape::path;
#endif
    // open
    case SYS_openat: return Shape::path_at;
    case SYS_openat2: return Shape::openat2;
    case SYS_name_to_handle_at: return Shape::path_at;
    // stat, statfs
    case SYS_newfstatat: return Shape::path_at;
    case SYS_statx: return Shape::path_at;
    case SYS_statfs: return Shape::statfs;
    case SYS_fstatfs: return Shape::fstatfs;
    // access
    case SYS_faccessat: return Shape::path_at;
    case SYS_faccessat2: return Shape::path_at;
    // dir
    case SYS_mkdirat: return Shape::path_at;
    case SYS_chdir: return Shape::path;
    case SYS_chroot: return Shape::path;
    // link, rename, unlink
    case SYS_linkat: return Shape::two_at;
    case SYS_symlinkat: return Shape::third_at;
    case SYS_unlinkat: return Shape::unlinkat;
    case SYS_renameat: return Shape::removed_two_at;
    case SYS_renameat2: return Shape::removed_two_at;
    // what comes back is a path
    case SYS_readlinkat: return Shape::as_function;
    case SYS_getcwd: return Shape::getcwd;
    // mode, owner
    case SYS_fchmodat: return Shape::path_at;
    case SYS_fchmodat2: return Shape::path_at;
    case SYS_fchownat: return Shape::path_at;
    case SYS_file_getattr: return Shape::path_at;
    case SYS_file_setattr: return Shape::path_at;
    // times
    case SYS_utimensat: return Shape::path_at;
    // nodes
    case SYS_mknodat: return Shape::path_at;
    // size, misc
    case SYS_truncate: return Shape::path;
    case SYS_acct: return Shape::path;
    // xattr
    case SYS_setxattr: return Shape::path;
    case SYS_lsetxattr: return Shape::path;
    case SYS_getxattr: return Shape::path;
    case SYS_lgetxattr: return Shape::path;
    case SYS_listxattr: return Shape::path;
    case SYS_llistxattr: return Shape::path;
    case SYS_removexattr: return Shape::path;
    case SYS_lremovexattr: return Shape::path;
    case SYS_setxattrat: return Shape::path_at;
    case SYS_getxattrat: return Shape::path_at;
    case SYS_listxattrat: return Shape::path_at;
    case SYS_removexattrat: return Shape::path_at;
    // exec
    case SYS_execve: return Shape::execve;
    case SYS_execveat: return Shape::execveat;
    // watch
    case SYS_inotify_add_watch: return Shape::second;
    case SYS_fanotify_mark: return Shape::fourth_at;
    // mount
    case SYS_mount: return Shape::mount;
    case SYS_umount2: return Shape::path;
    case SYS_open_tree: return Shape::path_at;
    case SYS_open_tree_attr: return Shape::path_at;
    case SYS_move_mount: return Shape::two_at;
    case SYS_fspick: return Shape::path_at;
    case SYS_fsconfig: return Shape::fsconfig;
    case SYS_mount_setattr: return Shape::path_at;
    // sockets
    case SYS_bind: return Shape::as_function;
    case SYS_connect: return Shape::as_function;
    case SYS_sendto: return Shape::as_function;
    case SYS_sendmsg: return Shape::as_function;
    case SYS_sendmmsg: return Shape::as_function;
    case SYS_accept: return Shape::as_function;
    case SYS_accept4: return Shape::as_function;
    case SYS_getsockname: return Shape::as_function;
    case SYS_getpeername: return Shape::as_function;
    case SYS_recvfrom: return Shape::as_function;
    case SYS_recvmsg: return Shape::as_function;
    case SYS_recvmmsg: return Shape::as_function;
    default: return Shape::none;
  }
}
// NOLINTEND(bugprone-branch-clone)

/// Where the paths of a shape are, and the descriptors they start at: indexes of arguments, counted from 0.
struct Places {
  signed char path = -1, dir = -1;
  signed char second = -1, second_dir = -1;
};

constexpr Places places_of(Shape shape) {
  switch (shape) {
    case Shape::path:
    case Shape::removed:
    case Shape::statfs:
    case Shape::execve: return {0};
    case Shape::path_at:
    case Shape::unlinkat:
    case Shape::openat2:
    case Shape::execveat: return {1, 0};
    case Shape::second: return {1};
    case Shape::third_at: return {2, 1};
    case Shape::fourth_at: return {4, 3};
    case Shape::fsconfig: return {3, 4};
    case Shape::two:
    case Shape::removed_two:
    case Shape::mount: return {0, -1, 1, -1};
    case Shape::two_at:
    case Shape::removed_two_at: return {1, 0, 3, 2};
    case Shape::fstatfs:
    case Shape::getcwd:
    case Shape::as_function:
    case Shape::none: return {};
  }
  return {};
}

}  // namespace devshm
