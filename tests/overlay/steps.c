// SPDX-License-Identifier: MIT
//
// steps STEP...: an ordinary program that takes each step in turn, in one process, and prints a line for each: what it
// did, then "ok" and details, or "errno N". It knows nothing of devshm.
//
//   path=NAME   make and open /dev/shm/NAME           sem=NAME / shm=NAME    make one by name
//   look=NAME   stat /dev/shm/NAME                     has-sem=NAME / has-shm=NAME  open one that must be there
//   list=DIR    how many names opendir finds            put=NAME:TEXT / get=NAME  write to, read from shared memory
//   drop=NAME / drop-sem=NAME / drop-shm=NAME          unlink it
//   fill=NAME                                          write 64 KiB to /dev/shm/NAME
//   fs=PATH     the type that statfs gives             where=NAME             where a shared object really is
//   hold               use up all descriptors           release            give them back
//   umask=OCTAL set the umask                          sh=COMMAND             run a shell command
//   errno=N     set errno, for keep                    keep=NAME              errno after a successful path open
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static int at_start;

static void answer(int good, const char* detail) {
  if (good)
    printf(" ok%s%s\n", *detail ? " " : "", detail);
  else
    printf(" errno %d\n", errno);
  fflush(stdout);
}

static char* shared(const char* name, int flags) {
  int fd = shm_open(name, flags, 0666);
  if (fd < 0 || ((flags & O_CREAT) && ftruncate(fd, 4096) != 0)) return NULL;
  char* memory = mmap(NULL, 4096, flags & O_RDWR ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  return memory == MAP_FAILED ? NULL : memory;
}

static void take(const char* step, char* value) {
  char path[300], detail[300] = "";
  struct stat st;
  struct statfs fs;
  snprintf(path, sizeof path, "/dev/shm/%s", value);
  printf("%s", step);
  if (!strcmp(step, "start")) {
    snprintf(detail, sizeof detail, "%d", at_start);
    answer(1, detail);
  } else if (!strcmp(step, "path")) {
    int fd = open(path, O_CREAT | O_RDWR, 0666);
    answer(fd >= 0, "");
    if (fd >= 0) close(fd);
  } else if (!strcmp(step, "look")) {
    int good = stat(path, &st) == 0;
    snprintf(detail, sizeof detail, "%o", good ? st.st_mode : 0);
    answer(good, detail);
  } else if (!strcmp(step, "list")) {
    DIR* dir = opendir(value);
    int count = 0;
    while (dir && readdir(dir)) ++count;
    snprintf(detail, sizeof detail, "%d", count);
    answer(dir != NULL, detail);
  } else if (!strcmp(step, "fs")) {
    int good = statfs(value, &fs) == 0;
    snprintf(detail, sizeof detail, "%lx", good ? (long)fs.f_type : 0);
    answer(good, detail);
  } else if (!strcmp(step, "sem") || !strcmp(step, "has-sem")) {
    sem_t* sem = *step == 's' ? sem_open(value, O_CREAT, 0666, 1) : sem_open(value, 0);
    answer(sem != SEM_FAILED, "");
  } else if (!strcmp(step, "shm") || !strcmp(step, "has-shm")) {
    answer(shared(value, *step == 's' ? O_CREAT | O_RDWR : O_RDONLY) != NULL, "");
  } else if (!strcmp(step, "put")) {
    char* text = strchr(value, ':');
    *text++ = '\0';
    char* memory = shared(value, O_RDWR);
    if (memory) strcpy(memory, text);
    answer(memory != NULL, "");
  } else if (!strcmp(step, "get")) {
    char* memory = shared(value, O_RDONLY);
    answer(memory != NULL, memory ? memory : "");
  } else if (!strcmp(step, "where")) {
    int fd = shm_open(value, O_RDWR, 0);
    snprintf(path, sizeof path, "DEVSHM_DISABLE=1 ls -l /proc/%d/fd/%d | sed 's/.* -> //'", getpid(), fd);
    FILE* pipe = fd >= 0 ? popen(path, "r") : NULL;
    if (pipe && fgets(detail, sizeof detail, pipe)) detail[strcspn(detail, "\n")] = '\0';
    answer(pipe != NULL, detail);
  } else if (!strcmp(step, "drop")) {
    answer(unlink(path) == 0, "");
  } else if (!strcmp(step, "drop-sem")) {
    answer(sem_unlink(value) == 0, "");
  } else if (!strcmp(step, "drop-shm")) {
    answer(shm_unlink(value) == 0, "");
  } else if (!strcmp(step, "fill")) {
    static const char zeros[65536];
    int fd = open(path, O_CREAT | O_RDWR, 0666);
    ssize_t written = fd < 0 ? -1 : write(fd, zeros, sizeof zeros);
    if (written >= 0 && written < (ssize_t)sizeof zeros) written = write(fd, zeros, sizeof zeros);
    answer(written >= 0, "");
    if (fd >= 0) close(fd);
  } else if (!strcmp(step, "hold")) {
    while (dup(1) >= 0) {
    }
    answer(errno == EMFILE, "");
  } else if (!strcmp(step, "release")) {
    for (int fd = (int)sysconf(_SC_OPEN_MAX) - 1; fd > 2; --fd) close(fd);
    answer(1, "");
  } else if (!strcmp(step, "umask")) {
    umask((mode_t)strtol(value, NULL, 8));
    answer(1, "");
  } else if (!strcmp(step, "sh")) {
    answer(system(value) == 0, "");
  } else if (!strcmp(step, "keep")) {
    errno = 123;
    int fd = open(path, O_CREAT | O_RDWR, 0666);
    snprintf(detail, sizeof detail, "%d", errno);
    answer(fd >= 0, detail);
  } else {
    printf(" what?\n");
    exit(2);
  }
}

int main(int argc, char** argv) {
  at_start = errno;
  for (int i = 1; i < argc; ++i) {
    char* value = strchr(argv[i], '=');
    if (value) *value++ = '\0';
    take(argv[i], value ? value : "");
  }
}
