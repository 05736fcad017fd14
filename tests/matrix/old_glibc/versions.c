// SPDX-License-Identifier: MIT
//
// A libpthread.so.0 with two versions of sem_open, as real ones have of other functions. The old one, which dlsym gives
// before glibc 2.36 and which no program of today means, fails in a way of its own; the default one is there for all.
#include <errno.h>
#include <semaphore.h>

sem_t* oldest(const char* name, int flags) {
  (void)name, (void)flags;
  errno = ECHRNG;
  return SEM_FAILED;
}

sem_t* current(const char* name, int flags) {
  (void)name, (void)flags;
  errno = EXFULL;
  return SEM_FAILED;
}

int sem_unlink(const char* name) {
  (void)name;
  return 0;
}

__asm__(".symver oldest, sem_open@GLIBC_2.1");
__asm__(".symver current, sem_open@@" BASE_VERSION);
