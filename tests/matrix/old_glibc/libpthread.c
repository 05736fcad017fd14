// SPDX-License-Identifier: MIT
//
// A libpthread.so.0 whose sem_open works as glibc 2.17's does: "/dev/shm/sem." is what names are appended to, and
// "/dev/shm", without the slash, what __statfs is asked about; open by a direct call, link, unlink and mktemp through
// the PLT. Linked so that these constants lie in the executable segment (build.py), as older linkers had it.
#include <semaphore.h>
#include <stdarg.h>
#include <stdlib.h>

#include "shmfs.h"

static const char default_directory[] = "/dev/shm/sem.";
static const char default_mount[] = "/dev/shm";

static Mount mount;

static int find(void) {
  return find_shmfs(&mount, AS_STORED(default_mount), AS_STORED(default_directory), sizeof default_directory - 1,
                    "sem.");
}

static sem_t* map_and_close(int fd) {
  void* at = mmap(NULL, sizeof(sem_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return at == MAP_FAILED ? SEM_FAILED : at;
}

static sem_t* create(const char* path, int flags, mode_t mode, unsigned value) {
  char temporary[512];
  sem_t fresh;
  memset(&fresh, 0, sizeof fresh);
  *(unsigned*)&fresh = value;
  snprintf(temporary, sizeof temporary, "%.*sXXXXXX", (int)mount.length, mount.directory);
  if (!*mktemp(temporary)) return SEM_FAILED;
  const int fd = private_open(temporary, O_RDWR | O_CREAT | O_EXCL, mode);
  if (fd < 0) return SEM_FAILED;
  sem_t* semaphore = write(fd, &fresh, sizeof fresh) == sizeof fresh ? map_and_close(fd) : SEM_FAILED;
  if (link(temporary, path) != 0 && (flags & O_EXCL)) semaphore = SEM_FAILED;
  const int error = errno;
  unlink(temporary);
  errno = error;
  return semaphore;
}

sem_t* sem_open(const char* name, int flags, ...) {
  char path[512];
  if (find() != 0) return SEM_FAILED;
  place(&mount, name, path, sizeof path);
  if (!(flags & O_CREAT) || !(flags & O_EXCL)) {
    const int fd = private_open(path, O_RDWR | O_NOFOLLOW, 0);
    if (fd >= 0) return map_and_close(fd);
    if (!(flags & O_CREAT) || errno != ENOENT) return SEM_FAILED;
  }
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  const unsigned value = va_arg(rest, unsigned);
  va_end(rest);
  return create(path, flags, mode, value);
}

int sem_unlink(const char* name) {
  char path[512];
  return find() != 0 ? -1 : unlink(place(&mount, name, path, sizeof path));
}

/// Code on the page of the constants: another thread runs here while they are changed.
__attribute__((noinline)) unsigned run_beside_the_constant(unsigned rounds) {
  unsigned sum = 0;
  for (unsigned i = 0; i < rounds; ++i) {
    sum = sum * 31 + i;
    __asm__ volatile("" : "+r"(sum));
  }
  return sum;
}
