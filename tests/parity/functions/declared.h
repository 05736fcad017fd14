// SPDX-License-Identifier: MIT
//
// What libc exports and its headers do not declare for everybody: names from older headers, the functions that
// _FORTIFY_SOURCE puts in place of others, and functions that not every libc has (weak: the address is null there).
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <mntent.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define MAYBE __attribute__((weak))

extern "C" {
MAYBE int __open(const char*, int, ...);
MAYBE int __open64(const char*, int, ...);
MAYBE int __open_2(const char*, int);
MAYBE int __open64_2(const char*, int);
MAYBE int __openat_2(int, const char*, int);
MAYBE int __openat64_2(int, const char*, int);
MAYBE int openat2(int, const char*, const struct open_how*, size_t);

MAYBE int __xstat(int, const char*, struct stat*);
MAYBE int __fxstat(int, int, struct stat*);
MAYBE int __fxstat64(int, int, struct stat64*);
MAYBE int __xstat64(int, const char*, struct stat64*);
MAYBE int __lxstat(int, const char*, struct stat*);
MAYBE int __lxstat64(int, const char*, struct stat64*);
MAYBE int __fxstatat(int, int, const char*, struct stat*, int);
MAYBE int __fxstatat64(int, int, const char*, struct stat64*, int);
MAYBE int __statfs(const char*, struct statfs*);

MAYBE int __xmknod(int, const char*, mode_t, dev_t*);
MAYBE int __xmknodat(int, int, const char*, mode_t, dev_t*);

MAYBE FILE* _IO_fopen(const char*, const char*);
MAYBE FILE* __setmntent(const char*, const char*);

MAYBE ssize_t __readlink_chk(const char*, char*, size_t, size_t) noexcept;
MAYBE ssize_t __readlinkat_chk(int, const char*, char*, size_t, size_t) noexcept;
MAYBE char* __realpath_chk(const char*, char*, size_t) noexcept;
MAYBE char* __getcwd_chk(char*, size_t, size_t) noexcept;
MAYBE char* __getwd_chk(char*, size_t) noexcept;

MAYBE int __connect(int, const struct sockaddr*, socklen_t);
MAYBE ssize_t __recvfrom_chk(int, void*, size_t, size_t, int, struct sockaddr*, socklen_t*);

MAYBE FILE* _IO_popen(const char*, const char*);
MAYBE int pidfd_spawn(int*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const[],
                      char* const[]);
MAYBE int pidfd_spawnp(int*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const[],
                       char* const[]);
}
