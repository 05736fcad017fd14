// SPDX-License-Identifier: MIT
//
// The probe's groups of checks (a file each), and what they share.
#pragma once

#include <semaphore.h>
#include <time.h>

#include "checks.h"

// Each runs in a process of its own and returns its exit status.
int sem_group(const char* self);
int shm_group(const char* self);
int path_group(void);
int memory_group(void);
int versions_group(const char* glibc);

// The second processes of the first two.
int post_by_name(const char* name);
int write_by_name(const char* name);

enum { tmpfs_magic = 0x01021994, patience = 120 };

// In every libc's library and in no current header: what programs linked before glibc 2.33 call for stat().
int __xstat(int version, const char* path, struct stat* out);

static inline int stat_of(const char* path, struct stat* out) {
#ifdef __x86_64__
  return __xstat(1, path, out);
#else
  return __xstat(0, path, out);
#endif
}

/// sem_wait, but not for ever.
static inline int wait_a_while(sem_t* semaphore) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += patience;
  return sem_timedwait(semaphore, &until);
}

typedef char Name[64];

/// A name that no other process has, with `prefix` before it.
static inline const char* unique(Name* out, const char* prefix) {
  snprintf(*out, sizeof *out, "%sprobe-%ld", prefix, (long)getpid());
  return *out;
}

/// The same in the directory that must be behind it.
static inline const char* backing(Name* out, const char* prefix) {
  Name path;
  snprintf(path, sizeof path, "/tmp/shm/%s", prefix);
  return unique(out, path);
}
