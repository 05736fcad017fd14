// SPDX-License-Identifier: MIT
//
// A library that needs libpthread and librt, for programs that don't: it uses both by name, as any library would.
#include <semaphore.h>
#include <sys/mman.h>

#include "checks.h"

/// How many of its checks have failed.
int use_by_name(void) {
  sem_t* semaphore = sem_open("/by-name", O_CREAT | O_EXCL, 0600, 1);
  CHECK(semaphore != SEM_FAILED, "library: sem_open");
  CHECK(has_semaphore("/tmp/shm", "/by-name"), "library: its file is in the backing directory");
  CHECK(sem_unlink("/by-name") == 0 && !has_semaphore("/tmp/shm", "/by-name"), "library: sem_unlink");
  CHECK(shm_open("/by-name", O_CREAT | O_EXCL | O_RDWR, 0600) >= 0, "library: shm_open");
  CHECK(exists("/tmp/shm/by-name"), "library: its file is in the backing directory");
  CHECK(shm_unlink("/by-name") == 0 && !exists("/tmp/shm/by-name"), "library: shm_unlink");
  return failures;
}
