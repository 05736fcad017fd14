// SPDX-License-Identifier: MIT
//
// Semaphores and shared memory by name, between processes.
#include <sys/mman.h>
#include <sys/statfs.h>

#include "probe.h"

enum { memory_size = 3 * 4096 };

// --- Semaphores ---

int post_by_name(const char* name) {
  sem_t* semaphore = sem_open(name, 0);
  CHECK(semaphore != SEM_FAILED, "sem_open in a second process");
  if (semaphore != SEM_FAILED) CHECK(sem_post(semaphore) == 0 && sem_close(semaphore) == 0, "sem_post there");
  return verdict();
}

int sem_group(const char* self) {
  Name name;
  unique(&name, "/");
  sem_t* semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
  if (!CHECK(semaphore != SEM_FAILED, "sem_open O_CREAT|O_EXCL")) return 1;
  CHECK(has_semaphore("/tmp/shm", name), "its file is in the backing directory");
  CHECK(has_semaphore("/dev/shm", name), "and below /dev/shm");
  CHECK(sem_open(name, O_CREAT | O_EXCL, 0600, 1) == SEM_FAILED && errno == EEXIST, "O_EXCL again: EEXIST");
  CHECK(sem_open(name, 0) == semaphore, "the same name gives the same address");
  CHECK(sem_open(name, O_CREAT, 0600, 7) == semaphore, "with O_CREAT too");
  int value = -1;
  CHECK(sem_getvalue(semaphore, &value) == 0 && value == 1, "it has its first value");
  CHECK(sem_wait(semaphore) == 0, "sem_wait");
  CHECK(sem_trywait(semaphore) < 0 && errno == EAGAIN, "sem_trywait at zero: EAGAIN");

  CHECK(run_self(self, "post", name, NULL) == 0, "an exec'd process opens and posts it");
  CHECK(wait_a_while(semaphore) == 0, "and we are woken");
  const pid_t child = fork();
  if (child == 0) _exit(sem_post(semaphore) ? 1 : 0);
  CHECK(wait_a_while(semaphore) == 0, "a forked process posts it");
  CHECK(wait_for(child) == 0, "and ends well");

  CHECK(sem_unlink(name) == 0, "sem_unlink");
  CHECK(!has_semaphore("/tmp/shm", name), "its file is gone");
  CHECK(sem_unlink(name) < 0 && errno == ENOENT, "sem_unlink again: ENOENT");
  CHECK(sem_open("/probe-missing", 0) == SEM_FAILED && errno == ENOENT, "sem_open of a missing one: ENOENT");
  CHECK(sem_post(semaphore) == 0 && sem_wait(semaphore) == 0, "an unlinked one still works");
  CHECK(sem_close(semaphore) == 0, "sem_close");
  return verdict();
}

// --- Shared memory, and a semaphore in it ---

struct Shared {
  sem_t ready;
  char text[32];
};

static struct Shared* map(int fd) {
  void* at = mmap(NULL, memory_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return at == MAP_FAILED ? NULL : at;
}

int write_by_name(const char* name) {
  const int fd = shm_open(name, O_RDWR, 0);
  CHECK(fd >= 0, "shm_open in a second process");
  struct Shared* shared = map(fd);
  if (!CHECK(shared != NULL, "mmap there")) return 1;
  strcpy(shared->text, "from the second process");
  CHECK(sem_post(&shared->ready) == 0, "sem_post of a semaphore that was handed over in memory");
  return verdict();
}

int shm_group(const char* self) {
  Name name, file, path;
  unique(&name, "/");
  const int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0640);
  if (!CHECK(fd >= 0, "shm_open O_CREAT|O_EXCL")) return 1;
  CHECK(exists(backing(&file, "")), "its file is in the backing directory");
  CHECK(shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600) < 0 && errno == EEXIST, "O_EXCL again: EEXIST");
  CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC, "the descriptor is close-on-exec");
  CHECK(ftruncate(fd, memory_size) == 0, "ftruncate");
  struct statfs fs;
  CHECK(fstatfs(fd, &fs) == 0 && fs.f_type == tmpfs_magic, "fstatfs says tmpfs");
  struct stat found;
  CHECK(stat_of(unique(&path, "/dev/shm/"), &found) == 0 && found.st_size == memory_size, "stat by path");
  CHECK((found.st_mode & 0777) == 0640, "its mode");
  struct Shared* shared = map(fd);
  if (!CHECK(shared != NULL, "mmap")) return 1;
  CHECK(sem_init(&shared->ready, 1, 0) == 0, "sem_init in the memory");
  CHECK(run_self(self, "write", name, NULL) == 0, "an exec'd process opens and maps it");
  CHECK(wait_a_while(&shared->ready) == 0, "and posts the semaphore in it");
  CHECK(strcmp(shared->text, "from the second process") == 0, "and its writing is seen");

  const pid_t child = fork();
  if (child == 0) {
    strcpy(shared->text, "from the child");
    _exit(sem_post(&shared->ready) ? 1 : 0);
  }
  CHECK(wait_a_while(&shared->ready) == 0 && wait_for(child) == 0, "a forked process posts it");
  CHECK(strcmp(shared->text, "from the child") == 0, "and its writing is seen too");
  const int readable = shm_open(name, O_RDONLY, 0);
  CHECK(readable >= 0 && map(readable) == NULL && errno == EACCES, "O_RDONLY can't be mapped for writing");
  CHECK(shm_open(name, O_RDWR | O_TRUNC, 0) >= 0 && lseek(fd, 0, SEEK_END) == 0, "O_TRUNC");

  CHECK(shm_unlink(name) == 0, "shm_unlink");
  CHECK(!exists(file), "its file is gone");
  CHECK(shm_unlink(name) < 0 && errno == ENOENT, "shm_unlink again: ENOENT");
  CHECK(shm_open(name, O_RDWR, 0) < 0 && errno == ENOENT, "shm_open of a missing one: ENOENT");
  return verdict();
}

// --- With DEVSHM_STORE=memory: is it memory? ---

static int maps_memory(void) {
  char line[512];
  int found = 0;
  FILE* maps = fopen("/proc/self/maps", "r");
  while (maps && fgets(line, sizeof line, maps)) found |= strstr(line, "/memfd:devshm:") != NULL;
  return found;
}

int memory_group(void) {
  Name name;
  const int fd = shm_open(unique(&name, "/"), O_CREAT | O_EXCL | O_RDWR, 0600);
  CHECK(fd >= 0 && ftruncate(fd, memory_size) == 0 && map(fd) != NULL, "an object is made and mapped");
  CHECK(maps_memory(), "it is memory");
  CHECK(shm_unlink(name) == 0, "and is removed");
  return verdict();
}
