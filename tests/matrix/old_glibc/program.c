// SPDX-License-Identifier: MIT
//
// What the libraries beside this file are tried with: in LD_LIBRARY_PATH they are this program's libpthread and librt.
//
//   program all            semaphores, shared memory, and the first use beside a running thread
//   program errnos         "CALL ERRNO" for both, to see that they fail without devshm as glibc 2.17 does
//   program versions       with the library of two versions: the default one has to be called
#define _GNU_SOURCE  // clone
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>

#include "../checks.h"

unsigned run_beside_the_constant(unsigned rounds);

static volatile int stop, stopped;
static volatile unsigned rounds;

static int run_there(void* nothing) {
  (void)nothing;
  while (!stop) {
    run_beside_the_constant(50);
    ++rounds;
  }
  stopped = 1;
  return 0;
}

static int semaphores(const char* self) {
  sem_t* semaphore = sem_open("/old", O_CREAT | O_EXCL, 0600, 1);
  CHECK(semaphore != SEM_FAILED, "sem_open O_CREAT|O_EXCL");
  CHECK(exists("/tmp/shm/sem.old"), "its file is in the backing directory");
  CHECK(sem_open("/old", O_CREAT | O_EXCL, 0600, 1) == SEM_FAILED && errno == EEXIST, "again: EEXIST");
  CHECK(run_self(self, "second", NULL, NULL) == 0, "another process opens it");
  CHECK(sem_unlink("/old") == 0 && !exists("/tmp/shm/sem.old"), "sem_unlink");
  CHECK(sem_unlink("/old") < 0 && errno == ENOENT, "sem_unlink again: ENOENT");
  return verdict();
}

static int memory(void) {
  CHECK(shm_open("/old", O_CREAT | O_EXCL | O_RDWR, 0600) >= 0, "shm_open O_CREAT|O_EXCL");
  CHECK(exists("/tmp/shm/old"), "its file is in the backing directory");
  CHECK(shm_unlink("/old") == 0 && !exists("/tmp/shm/old"), "shm_unlink");
  CHECK(shm_unlink("/old") < 0 && errno == ENOENT, "shm_unlink again: ENOENT");
  return verdict();
}

/// The first use in a process, while another thread runs code that shares the constant's page. The thread is a bare
/// one, which uses nothing of libc: pthread_create is in the libpthread whose place ours has taken.
static int beside(void) {
  static char stack[65536] __attribute__((aligned(16)));
  const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  CHECK(clone(run_there, stack + sizeof stack, flags, NULL) > 0, "a thread runs beside the constant");
  while (rounds < 1000) usleep(100);
  CHECK(sem_unlink("/none") < 0 && errno == ENOENT, "first use meanwhile");
  const unsigned seen = rounds;
  while (rounds < seen + 1000) usleep(100);
  stop = 1;
  while (!stopped) usleep(100);
  CHECK(stopped, "the thread has gone on running");
  return verdict();
}

static int versions(void) {
  CHECK(sem_open("/versions", 0) == SEM_FAILED && errno == EXFULL, "sem_open in its default version");
  return verdict();
}

static int errnos(void) {
  printf("sem_open %d\n", sem_open("/old", O_CREAT | O_EXCL, 0600, 0) == SEM_FAILED ? errno : 0);
  printf("shm_open %d\n", shm_open("/old", O_CREAT | O_EXCL | O_RDWR, 0600) < 0 ? errno : 0);
  printf("shm_unlink %d\n", shm_unlink("/none") < 0 ? errno : 0);
  return 0;
}

static int all(const char* self) {
  run_group(self, "semaphores", NULL, NULL);
  run_group(self, "memory", NULL, NULL);
  for (int i = 0; i < 10; ++i) run_group(self, "beside", NULL, NULL);
  return verdict();
}

int main(int count, char** arguments) {
  const char* mode = count > 1 ? arguments[1] : "";
  if (strcmp(mode, "all") == 0) return all(arguments[0]);
  if (strcmp(mode, "semaphores") == 0) return semaphores(arguments[0]);
  if (strcmp(mode, "memory") == 0) return memory();
  if (strcmp(mode, "beside") == 0) return beside();
  if (strcmp(mode, "second") == 0) return sem_open("/old", 0) == SEM_FAILED;
  if (strcmp(mode, "versions") == 0) return versions();
  if (strcmp(mode, "errnos") == 0) return errnos();
  printf("usage: program all|errnos|versions\n");
  return 2;
}
