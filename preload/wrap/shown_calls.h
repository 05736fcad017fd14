// SPDX-License-Identifier: MIT
//
// Describes the calls that have to show an object of the memory store as a regular file: which of their arguments name
// it, and what is done with them. A function and a system call of the same name share a row.
#pragma once

#include <fcntl.h>
#include <linux/fanotify.h>
#include <sys/inotify.h>

#include <cstddef>
#include <cstdint>

#include "../text.h"
#include "syscall_numbers.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// What is done for an object.
enum class Shown : std::uint8_t {
  status,        ///< stat, fstat: the struct stat in `third` is corrected afterwards
  extended,      ///< statx: the struct statx in `third` is corrected
  without_flag,  ///< the flag in `third` that keeps a link from being followed is removed
  linked,        ///< linkat: the object's name is linked if the flags in `third` ask for what a link leads to
  by_other,      ///< another function is called, which follows links
  opened,        ///< open: the object is opened; the flags are in `third`, the mode follows
  opened_how,    ///< openat2: likewise; the struct open_how is in `third`
  temporary,     ///< the mkstemp family: an object is created
  streamed,      ///< fopen: the object is opened; the mode's text is in `third`
  resolved,      ///< realpath and the like: the object's name is the end
  entry,         ///< readdir: the returned entry is corrected
  entry_in,      ///< readdir_r: the entry at the pointer in `third` is corrected
  entries,       ///< getdents: the entries in the buffer in `third` are corrected
  list,          ///< scandir: the entries in the list in `third` are corrected before the program's functions see them
  moved,         ///< rename: the names are locked; the new name is in `third`
  mask,          ///< umask: the mask is remembered
};

/// One of these calls. Arguments are counted from 1; 0: there is none.
struct ShownCall {
  char name[23];
  Shown what;
  short number;        ///< the system call's; -1: there is none
  short other_number;  ///< that of `other`
  unsigned flag;       ///< for without_flag
  char other[13];      ///< for by_other
  std::uint8_t directory;
  std::uint8_t path;
  std::uint8_t third;
};

#ifdef SYS_stat  // x86_64 only: the calls from before the ones with a descriptor
#define DEVSHM_OLD(name) SYS_##name
#else
#define DEVSHM_OLD(name) -1
#endif

inline constexpr ShownCall shown_calls[] = {
    {"stat", Shown::status, DEVSHM_OLD(stat), -1, 0, "", 0, 1, 2},
    {"lstat", Shown::status, DEVSHM_OLD(lstat), -1, 0, "", 0, 1, 2},
    {"fstatat", Shown::status, SYS_newfstatat, -1, 0, "", 1, 2, 3},
    {"statx", Shown::extended, SYS_statx, -1, 0, "", 1, 2, 5},
    {"fstat", Shown::status, SYS_fstat, -1, 0, "", 1, 0, 2},
    {"__xstat", Shown::status, -1, -1, 0, "", 0, 2, 3},
    {"__lxstat", Shown::status, -1, -1, 0, "", 0, 2, 3},
    {"__fxstatat", Shown::status, -1, -1, 0, "", 2, 3, 4},
    {"__fxstat", Shown::status, -1, -1, 0, "", 2, 0, 3},
    {"open", Shown::opened, DEVSHM_OLD(open), -1, 0, "", 0, 1, 2},
    {"openat", Shown::opened, SYS_openat, -1, 0, "", 1, 2, 3},
    {"creat", Shown::opened, DEVSHM_OLD(creat), -1, 0, "", 0, 1, 0},
    {"__open_2", Shown::opened, -1, -1, 0, "", 0, 1, 2},
    {"__openat_2", Shown::opened, -1, -1, 0, "", 1, 2, 3},
    {"openat2", Shown::opened_how, SYS_openat2, -1, 0, "", 1, 2, 3},
    {"mkstemp", Shown::temporary, -1, -1, 0, "", 0, 1, 0},
    {"mkostemp", Shown::temporary, -1, -1, 0, "", 0, 1, 0},
    {"mkstemps", Shown::temporary, -1, -1, 0, "", 0, 1, 0},
    {"mkostemps", Shown::temporary, -1, -1, 0, "", 0, 1, 0},
    {"fopen", Shown::streamed, -1, -1, 0, "", 0, 1, 2},
    {"realpath", Shown::resolved, -1, -1, 0, "", 0, 1, 2},
    {"canonicalize_file_name", Shown::resolved, -1, -1, 0, "", 0, 1, 0},
    {"readdir", Shown::entry, -1, -1, 0, "", 0, 1, 0},
    {"readdir_r", Shown::entry_in, -1, -1, 0, "", 0, 1, 3},
    {"getdents64", Shown::entries, SYS_getdents64, -1, 0, "", 1, 0, 2},
    {"getdirentries", Shown::entries, -1, -1, 0, "", 1, 0, 2},
    {"scandir", Shown::list, -1, -1, 0, "", 0, 1, 2},
    {"scandirat", Shown::list, -1, -1, 0, "", 1, 2, 3},
    {"rename", Shown::moved, DEVSHM_OLD(rename), -1, 0, "", 0, 1, 2},
    {"renameat", Shown::moved, SYS_renameat, -1, 0, "", 1, 2, 4},
    {"renameat2", Shown::moved, SYS_renameat2, -1, 0, "", 1, 2, 4},
    {"umask", Shown::mask, SYS_umask, -1, 0, "", 0, 1, 0},
    {"lchown", Shown::by_other, DEVSHM_OLD(lchown), DEVSHM_OLD(chown), 0, "chown", 0, 1, 0},
    {"lchmod", Shown::by_other, -1, -1, 0, "chmod", 0, 1, 0},
    {"lutimes", Shown::by_other, -1, -1, 0, "utimes", 0, 1, 0},
    {"lsetxattr", Shown::by_other, SYS_lsetxattr, SYS_setxattr, 0, "setxattr", 0, 1, 0},
    {"lgetxattr", Shown::by_other, SYS_lgetxattr, SYS_getxattr, 0, "getxattr", 0, 1, 0},
    {"llistxattr", Shown::by_other, SYS_llistxattr, SYS_listxattr, 0, "listxattr", 0, 1, 0},
    {"lremovexattr", Shown::by_other, SYS_lremovexattr, SYS_removexattr, 0, "removexattr", 0, 1, 0},
    {"fchownat", Shown::without_flag, SYS_fchownat, -1, AT_SYMLINK_NOFOLLOW, "", 1, 2, 5},
    {"fchmodat", Shown::without_flag, -1, -1, AT_SYMLINK_NOFOLLOW, "", 1, 2, 4},
    {"fchmodat2", Shown::without_flag, SYS_fchmodat2, -1, AT_SYMLINK_NOFOLLOW, "", 1, 2, 4},
    {"utimensat", Shown::without_flag, SYS_utimensat, -1, AT_SYMLINK_NOFOLLOW, "", 1, 2, 4},
    {"faccessat", Shown::without_flag, -1, -1, AT_SYMLINK_NOFOLLOW, "", 1, 2, 4},
    {"faccessat2", Shown::without_flag, SYS_faccessat2, -1, AT_SYMLINK_NOFOLLOW, "", 1, 2, 4},
    {"execveat", Shown::without_flag, SYS_execveat, -1, AT_SYMLINK_NOFOLLOW, "", 1, 2, 5},
    {"open_tree", Shown::without_flag, SYS_open_tree, -1, AT_SYMLINK_NOFOLLOW, "", 1, 2, 3},
    {"setxattrat", Shown::without_flag, SYS_setxattrat, -1, AT_SYMLINK_NOFOLLOW, "", 1, 2, 3},
    {"getxattrat", Shown::without_flag, SYS_getxattrat, -1, AT_SYMLINK_NOFOLLOW, "", 1, 2, 3},
    {"listxattrat", Shown::without_flag, SYS_listxattrat, -1, AT_SYMLINK_NOFOLLOW, "", 1, 2, 3},
    {"removexattrat", Shown::without_flag, SYS_removexattrat, -1, AT_SYMLINK_NOFOLLOW, "", 1, 2, 3},
    {"linkat", Shown::linked, SYS_linkat, -1, 0, "", 1, 2, 5},
    {"inotify_add_watch", Shown::without_flag, SYS_inotify_add_watch, -1, IN_DONT_FOLLOW, "", 0, 2, 3},
    {"fanotify_mark", Shown::without_flag, SYS_fanotify_mark, -1, FAN_MARK_DONT_FOLLOW, "", 4, 5, 2},
};
inline constexpr std::size_t shown_call_count = sizeof shown_calls / sizeof *shown_calls;

#undef DEVSHM_OLD

}  // namespace devshm
