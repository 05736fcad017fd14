// SPDX-License-Identifier: MIT
//
// How glibc 2.17 looks for the file system to work in, once in each of libpthread and librt (each has a copy of its
// own). Written from what was observed of it: __statfs of its constant; if that is no tmpfs, __statfs of every tmpfs in
// /proc/mounts, through the PLT like link and unlink; then, for the life of the process, the directory that it found.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

int __statfs(const char* path, struct statfs* out);

/// The program's open, as the libraries reach it: where no wrapper stands.
static inline int private_open(const char* path, int flags, mode_t mode) {
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/// Hides where a pointer comes from, so that the compiler reads the constant in memory, as the real code does.
#define AS_STORED(text)                  \
  __extension__({                        \
    const char* stored = (text);         \
    __asm__ volatile("" : "+r"(stored)); \
    stored;                              \
  })

typedef struct {
  char directory[256];
  size_t length;
} Mount;

static inline int is_tmpfs(const char* path) {
  struct statfs fs;
  return __statfs(path, &fs) == 0 && (fs.f_type == 0x01021994 || (unsigned long)fs.f_type == 0x858458f6);
}

/// `probe` is what __statfs is asked about, `directory` what names are appended to, as it is stored.
static inline int find_shmfs(Mount* mount, const char* probe, const char* directory, size_t length, const char* more) {
  if (mount->length) return 0;
  if (is_tmpfs(probe)) {
    memcpy(mount->directory, directory, length);
    mount->length = length;
    return 0;
  }
  char line[1024];
  FILE* mounts = fopen("/proc/mounts", "r");
  while (mounts && fgets(line, sizeof line, mounts)) {
    strtok(line, " ");
    const char* at = strtok(NULL, " ");
    const char* type = strtok(NULL, " ");
    if (!at || !type || strcmp(type, "tmpfs") != 0 || !is_tmpfs(at)) continue;
    mount->length = (size_t)snprintf(mount->directory, sizeof mount->directory, "%s/%s", at, more);
    break;
  }
  if (mounts) fclose(mounts);
  if (mount->length) return 0;
  errno = ENOSYS;
  return -1;
}

/// The name in that directory.
static inline const char* place(const Mount* mount, const char* name, char* out, size_t size) {
  while (*name == '/') ++name;
  snprintf(out, size, "%.*s%s", (int)mount->length, mount->directory, name);
  return out;
}
