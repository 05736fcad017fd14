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
//   hold               use up all descriptors           release            give them back, or one: spare
//   in=DIR      go there, ask where, with little room    rel=PATH           make and open it, relative to that
//   bind=NAME   a socket at /dev/shm/NAME, and its name   own-peer=NAME      who has sent a datagram to it: itself
//   reserve=NAME / punch=NAME                          60 KiB behind a gap; a hole among written bytes, at odd places
//   lose        take LD_PRELOAD out of the environment  pipe=COMMAND       the first line of what it prints
//   umask=OCTAL set the umask                          sh=COMMAND             run a shell command
//   euid=N / fsuid=N   act as user N                    uids=R:E:S          setresuid, in all threads
//   raw-uids=R:E:S     in this thread alone             apart=N:NAME        path=NAME in a thread that has become user
//   N errno=N     set errno, for keep                    keep=NAME              errno after a successful path open
#define _GNU_SOURCE  // fallocate, recvmmsg, setresuid
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
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

static int filled_with(const char* bytes, size_t from, size_t to, char value) {
  while (from < to && bytes[from] == value) ++from;
  return from == to;
}

static int has_hole(const char* path) {
  static char bytes[16384];
  int fd = open(path, O_CREAT | O_RDWR, 0666);
  memset(bytes, 'x', sizeof bytes);
  if (fd < 0 || pwrite(fd, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) return 0;
  if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 100, 12000) != 0) return 0;
  int good = pread(fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes && filled_with(bytes, 0, 100, 'x') &&
             filled_with(bytes, 100, 12100, 0) && filled_with(bytes, 12100, sizeof bytes, 'x');
  close(fd);
  if (!good) errno = 0;
  return good;
}

static int has_room(const char* path) {
  struct stat st;
  int fd = open(path, O_CREAT | O_RDWR, 0666);
  if (fd < 0 || pwrite(fd, "x", 1, 0) != 1) return 0;
  int first = posix_fallocate(fd, 0, 4096), then = first ? first : posix_fallocate(fd, 8192, 61440);
  int good = then == 0 && fstat(fd, &st) == 0 && st.st_size == 8192 + 61440;
  close(fd);
  errno = then;
  return good;
}

static int socket_at(const char* path, struct sockaddr_un* name) {
  memset(name, 0, sizeof *name);
  name->sun_family = AF_UNIX;
  strcpy(name->sun_path, path);
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  return fd < 0 || bind(fd, (struct sockaddr*)name, sizeof *name) == 0 ? fd : (close(fd), -1);
}

/// What "apart" does. Its argument is "N:NAME"; gives back an errno value.
static void* open_apart(void* argument) {
  char path[300];
  long user = strtol(argument, NULL, 10);
  snprintf(path, sizeof path, "/dev/shm/%s", strchr(argument, ':') + 1);
  if (syscall(SYS_setresuid, user, user, user) != 0) return (void*)(long)errno;
  int fd = open(path, O_CREAT | O_RDWR, 0666);
  long error = fd < 0 ? errno : 0;
  if (fd >= 0) close(fd);
  return (void*)error;
}

static int set_ids(const char* ids, int raw) {
  int real, effective, saved;
  if (sscanf(ids, "%d:%d:%d", &real, &effective, &saved) != 3) return 0;
  if (raw) return syscall(SYS_setresuid, real, effective, saved) == 0;
  return setresuid((uid_t)real, (uid_t)effective, (uid_t)saved) == 0;
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
  } else if (!strcmp(step, "spare")) {
    answer(close((int)sysconf(_SC_OPEN_MAX) - 1) == 0, "");
  } else if (!strcmp(step, "release")) {
    for (int fd = (int)sysconf(_SC_OPEN_MAX) - 1; fd > 2; --fd) close(fd);
    answer(1, "");
  } else if (!strcmp(step, "in")) {
    int good = chdir(value) == 0;
    answer(good && getcwd(detail, strlen(value) + 1), detail);
  } else if (!strcmp(step, "rel")) {
    int fd = open(value, O_CREAT | O_RDWR, 0666);
    answer(fd >= 0, "");
    if (fd >= 0) close(fd);
  } else if (!strcmp(step, "bind") || !strcmp(step, "own-peer")) {
    struct sockaddr_un name, from;
    struct mmsghdr message;
    char byte = 'x';
    struct iovec piece = {&byte, 1};
    int fd = socket_at(path, &name), good = fd >= 0;
    socklen_t size = sizeof from;
    memset(&from, 0, sizeof from);
    memset(&message, 0, sizeof message);
    message.msg_hdr.msg_name = &from;
    message.msg_hdr.msg_namelen =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);  // just enough
    message.msg_hdr.msg_iov = &piece;
    message.msg_hdr.msg_iovlen = 1;
    if (good && *step == 'b') good = getsockname(fd, (struct sockaddr*)&from, &size) == 0;
    if (good && *step == 'o')
      good =
          sendto(fd, &byte, 1, 0, (struct sockaddr*)&name, sizeof name) == 1 && recvmmsg(fd, &message, 1, 0, NULL) == 1;
    answer(good, from.sun_path);
    if (fd >= 0) close(fd);
  } else if (!strcmp(step, "reserve")) {
    answer(has_room(path), "");
  } else if (!strcmp(step, "punch")) {
    answer(has_hole(path), "");
  } else if (!strcmp(step, "lose")) {
    answer(unsetenv("LD_PRELOAD") == 0, "");
  } else if (!strcmp(step, "pipe")) {
    FILE* pipe = popen(value, "r");
    int good = pipe && fgets(detail, sizeof detail, pipe);
    detail[strcspn(detail, "\n")] = '\0';
    answer((!pipe || pclose(pipe) == 0) && good, detail);
  } else if (!strcmp(step, "euid")) {
    answer(seteuid((uid_t)atoi(value)) == 0, "");
  } else if (!strcmp(step, "fsuid")) {
    setfsuid((uid_t)atoi(value));
    answer(setfsuid((uid_t)-1) == atoi(value), "");
  } else if (!strcmp(step, "uids") || !strcmp(step, "raw-uids")) {
    answer(set_ids(value, *step == 'r'), "");
  } else if (!strcmp(step, "apart")) {
    pthread_t thread;
    void* error = NULL;
    if (pthread_create(&thread, NULL, open_apart, value) != 0 || pthread_join(thread, &error) != 0) exit(2);
    errno = (int)(long)error;
    answer(errno == 0, "");
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
