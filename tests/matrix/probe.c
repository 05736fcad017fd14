// SPDX-License-Identifier: MIT
//
// Does /dev/shm work here, by name, by path and between processes?
//
//   probe all             every check, each group in a process of its own; exits 1 if any has failed
//   probe errnos          how the calls that come first in every program end: "CALL ERRNO", for where they must fail
//   probe sem|shm|path    one group
//   probe memory          whether shared memory is memory, with DEVSHM_STORE=memory
//   probe versions MINOR  what has several versions in glibc 2.MINOR; without a number: musl
//   probe first CALL      one call as the first of its process
#include <sys/mman.h>
#include <sys/statvfs.h>

#include "probe.h"

static void say_errno(const char* call, int failed) { printf("%s %d\n", call, failed ? errno : 0); }

/// Without devshm.
static int errnos(void) {
  struct statvfs fs;
  char template[] = "/dev/shm/probe-XXXXXX";
  say_errno("sem_open", sem_open("/probe", O_CREAT | O_EXCL, 0600, 0) == SEM_FAILED);
  say_errno("shm_open", shm_open("/probe", O_CREAT | O_EXCL | O_RDWR, 0600) < 0);
  say_errno("sem_open-missing", sem_open("/missing", 0) == SEM_FAILED);
  say_errno("sem_unlink-missing", sem_unlink("/missing") != 0);
  say_errno("shm_open-missing", shm_open("/missing", O_RDWR, 0) < 0);
  say_errno("shm_unlink-missing", shm_unlink("/missing") != 0);
  say_errno("open", open("/dev/shm/probe", O_CREAT | O_RDWR, 0600) < 0);
  say_errno("mkstemp", mkstemp(template) < 0);
  say_errno("statvfs", statvfs("/dev/shm", &fs) != 0);
  return 0;
}

/// The calls that remove, as the first that a process makes: they have to find the directory as well.
static int first_group(const char* call) {
  Name name;
  snprintf(name, sizeof name, "%s comes first: ENOENT", call);
  const int result = strcmp(call, "sem_unlink") == 0   ? sem_unlink("/probe-missing")
                     : strcmp(call, "shm_unlink") == 0 ? shm_unlink("/probe-missing")
                     : strcmp(call, "shm_open") == 0   ? shm_open("/probe-missing", O_RDWR, 0)
                                                       : (sem_open("/probe-missing", 0) == SEM_FAILED ? -1 : 0);
  CHECK(result == -1 && errno == ENOENT, name);
  return verdict();
}

/// A process without the library would pass where the machine has a /dev/shm of its own.
static int is_preloaded(void) {
  char line[512];
  int found = 0;
  FILE* maps = fopen("/proc/self/maps", "r");
  while (maps && fgets(line, sizeof line, maps)) found |= strstr(line, "/libdevshm.so") != NULL;
  return found;
}

static int all(const char* self) {
  CHECK(is_preloaded(), "libdevshm.so is in this process");
  run_group(self, "sem", NULL, NULL);
  run_group(self, "shm", NULL, NULL);
  run_group(self, "path", NULL, NULL);
  run_group(self, "first", "sem_open", NULL);
  run_group(self, "first", "sem_unlink", NULL);
  run_group(self, "first", "shm_open", NULL);
  run_group(self, "first", "shm_unlink", NULL);
  return verdict();
}

int main(int count, char** arguments) {
  const char* self = arguments[0];
  const char* mode = count > 1 ? arguments[1] : "";
  const char* name = count > 2 ? arguments[2] : "";
  if (strcmp(mode, "all") == 0) return all(self);
  if (strcmp(mode, "errnos") == 0) return errnos();
  if (strcmp(mode, "sem") == 0) return sem_group(self);
  if (strcmp(mode, "shm") == 0) return shm_group(self);
  if (strcmp(mode, "path") == 0) return path_group();
  if (strcmp(mode, "memory") == 0) return memory_group();
  if (strcmp(mode, "versions") == 0) return versions_group(name);
  if (strcmp(mode, "first") == 0) return first_group(name);
  if (strcmp(mode, "post") == 0) return post_by_name(name);
  if (strcmp(mode, "write") == 0) return write_by_name(name);
  printf("usage: probe all|errnos|sem|shm|path|memory|versions [MINOR]|first CALL\n");
  return 2;
}
