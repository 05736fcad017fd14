// SPDX-License-Identifier: MIT
//
// A bug, to be found: a sem_open that looks before it makes, and gives the object its name before its contents. In
// front of the library it has to make `races sem` fail.
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

extern "C" sem_t* sem_open(const char* name, int flags, ...) noexcept {
  char path[300];
  snprintf(path, sizeof path, "/dev/shm/sem.%s", name + 1);
  const bool there = access(path, F_OK) == 0;
  if (there && flags & O_EXCL) {
    errno = EEXIST;
    return SEM_FAILED;
  }
  const int fd = open(path, O_RDWR | (flags & O_CREAT), 0600);
  if (fd < 0 || (!there && ftruncate(fd, sizeof(sem_t)) != 0)) return SEM_FAILED;
  void* at = mmap(nullptr, sizeof(sem_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at == MAP_FAILED) return SEM_FAILED;
  if (!there) sem_init(static_cast<sem_t*>(at), 1, 0);
  return static_cast<sem_t*>(at);
}
