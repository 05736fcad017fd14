// SPDX-License-Identifier: MIT
//
// C's file functions on /dev/shm, a line each: what they gave. Sizes and flags come in at run time, so that fortified
// builds take the checking twins (__open_2, __readlink_chk, ...).
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

static void say(const char* step, long result) {
  printf("%s: %ld %s\n", step, result, result < 0 ? strerror(errno) : "");
  errno = 0;
}

static void say_text(const char* step, const char* text) {
  printf("%s: %s\n", step, text ? text : strerror(errno));
  errno = 0;
}

static void streams(void) {
  char line[100];
  FILE* file = fopen("/dev/shm/a", "r");
  say_text("fopen, fgets", file ? fgets(line, sizeof line, file) : NULL);
  say_text("freopen", (file = freopen("/dev/shm/b", "r+", file)) ? fgets(line, sizeof line, file) : NULL);
  say("fseek, fprintf", file && fseek(file, 0, SEEK_END) == 0 ? fprintf(file, "%s", "more\n") : -1);
  say("fclose", file ? fclose(file) : -1);
  say_text("fopen of nothing", fopen("/dev/shm/nope", "r") ? "opened" : NULL);
  say("fopen, exclusively", fopen("/dev/shm/a", "wx") ? 0 : -1);
  FILE* pipe = popen("cat /dev/shm/b; pwd", "r");
  while (pipe && fgets(line, sizeof line, pipe)) say_text("popen", line);
  say("pclose", pipe ? pclose(pipe) : -1);
  say("remove", remove("/dev/shm/emptydir"));
  say("rename", rename("/dev/shm/fields", "/dev/shm/renamed"));
}

static void descriptors(int flags) {
  char text[20] = "";
  const int fd = open("/dev/shm/a", flags);
  say("open, read", fd < 0 ? -1 : read(fd, text, (size_t)flags + 5));
  say_text("what was read", text);
  const int dir = open("/dev/shm/dir", O_DIRECTORY);
  say("openat", openat(dir, "g", flags) < 0 ? -1 : 0);
  say("open to create", open("/dev/shm/new", flags | O_CREAT | O_EXCL | O_WRONLY, 0640) < 0 ? -1 : 0);
  say("open again", open("/dev/shm/new", flags | O_CREAT | O_EXCL | O_WRONLY, 0640) < 0 ? -1 : 0);
  say("creat", creat("/dev/shm/created", 0600) < 0 ? -1 : 0);
  const int unnamed = open("/dev/shm", O_TMPFILE | O_RDWR, 0600);
  say("O_TMPFILE", unnamed < 0 ? -1 : write(unnamed, "x", 1));
  snprintf(text, sizeof text, "/proc/self/fd/%d", unnamed);
  say("linkat", linkat(AT_FDCWD, text, AT_FDCWD, "/dev/shm/named", AT_SYMLINK_FOLLOW));
  say("faccessat", faccessat(dir, "g", R_OK, 0));
  say("mkdirat", mkdirat(dir, "d", 0700));
  say("renameat", renameat(dir, "g", AT_FDCWD, "/dev/shm/g"));
  say("unlinkat", unlinkat(dir, ".hidden", 0));
  say("symlinkat", symlinkat("/dev/shm/g", dir, "to-g"));
}

static void names(size_t size) {
  char path[PATH_MAX];
  ssize_t length = readlink("/dev/shm/absolute", path, size - 1);
  path[length < 0 ? 0 : length] = 0;
  say_text("readlink", length < 0 ? NULL : path);
  length = readlinkat(AT_FDCWD, "/proc/self/cwd", path, size - 1);
  path[length < 0 ? 0 : length] = 0;
  say_text("readlinkat", length < 0 ? NULL : path);
  say_text("realpath", realpath("/dev/shm/linkdir/../link", path));
  say_text("realpath, allocated", realpath("/dev/shm/linkdir/sub", NULL));
  say("chdir", chdir("/dev/shm/linkdir/sub"));
  say_text("getcwd", getcwd(path, size));
  say_text("getcwd, allocated", getcwd(NULL, 0));
  say("open in there", open("h", O_RDONLY) < 0 ? -1 : 0);
  say("chdir back", chdir("/tmp/out"));
  char template[] = "/dev/shm/dir/made-XXXXXX";
  say("mkstemp", mkstemp(template) < 0 ? -1 : unlink(template));
  say("its name", strncmp(template, "/dev/shm/dir/made-", 18));
  char dir_template[] = "/dev/shm/dir/made-XXXXXX";
  say("mkdtemp", mkdtemp(dir_template) ? rmdir(dir_template) : -1);
}

static int visited;
static int visit(const char* path, const struct stat* seen, int kind, struct FTW* where) {
  (void)seen;
  visited += kind == FTW_F && path[where->base] != 0;
  return strncmp(path, "/dev/shm/", 9) == 0 || where->level == 0 ? 0 : -1;
}

static int by_name(const struct dirent** one, const struct dirent** other) {
  return strcmp((*one)->d_name, (*other)->d_name);
}

static void directories(void) {
  struct dirent** entries;
  int count = scandir("/dev/shm/dir", &entries, NULL, by_name);
  say("scandir", count);
  for (int i = 0; i < count; ++i) say_text("entry", entries[i]->d_name);
  DIR* dir = opendir("/dev/shm");
  for (count = 0; dir && readdir(dir); ++count) continue;
  say("opendir, readdir", dir ? count : -1);
  say("nftw", nftw("/dev/shm", visit, 8, FTW_PHYS));
  say("files visited", visited);
  glob_t found = {0};
  say("glob", glob("/dev/shm/[ab]", 0, NULL, &found));
  for (size_t i = 0; i < found.gl_pathc; ++i) say_text("match", found.gl_pathv[i]);
}

static void attributes(void) {
  struct stat seen;
  say("stat", stat("/dev/shm/link", &seen) < 0 ? -1 : seen.st_size);
  say("lstat", lstat("/dev/shm/link", &seen) < 0 ? -1 : S_ISLNK(seen.st_mode));
  say("fstatat", fstatat(AT_FDCWD, "/dev/shm/absolute", &seen, 0) < 0 ? -1 : seen.st_size);
  struct statfs volume;
  say("statfs", statfs("/dev/shm", &volume) < 0 ? -1 : volume.f_type);
  struct statvfs disk;
  say("statvfs", statvfs("/dev/shm/a", &disk) < 0 ? -1 : disk.f_blocks > 0);
  say("access", access("/dev/shm/a", R_OK | W_OK));
  say("chmod", chmod("/dev/shm/a", 0600));
  say("chown", chown("/dev/shm/a", getuid(), getgid()));
  say("truncate", truncate("/dev/shm/hard1", 3));
  const struct utimbuf times = {1, 2};
  say("utime", utime("/dev/shm/b", &times));
  const struct timespec stamps[2] = {{3, 0}, {4, 0}};
  say("utimensat", utimensat(AT_FDCWD, "/dev/shm/link", stamps, AT_SYMLINK_NOFOLLOW));
  say("mkfifo", mkfifo("/dev/shm/fifo2", 0600));
  say("link", link("/dev/shm/a", "/dev/shm/a2"));
  say("pathconf", pathconf("/dev/shm", _PC_NAME_MAX));
  say("rmdir", rmdir("/dev/shm"));
}

static void memory_and_semaphores(void) {
  const int fd = shm_open("/object", O_CREAT | O_EXCL | O_RDWR, 0600);
  say("shm_open", fd < 0 ? -1 : ftruncate(fd, 4096));
  char* memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory != MAP_FAILED) memcpy(memory, "shared", 7);
  const int again = open("/dev/shm/object", O_RDONLY);
  char text[10] = "";
  say("the object's file", again < 0 ? -1 : read(again, text, 7));
  say_text("what was shared", text);
  say("shm_unlink", shm_unlink("/object"));
  sem_t* semaphore = sem_open("/count", O_CREAT | O_EXCL, 0600, 2);
  int value = -1;
  say("sem_open", semaphore == SEM_FAILED ? -1 : sem_getvalue(semaphore, &value));
  say("its value", value);
  say("its file", access("/dev/shm/sem.count", F_OK));
  say("sem_unlink", sem_unlink("/count"));
}

static void sockets_and_programs(void) {
  struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/dev/shm/socket"};
  const int one = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);
  say("bind", bind(one, (const struct sockaddr*)&name, sizeof name));
  say("listen", listen(one, 1));
  say("connect", connect(other, (const struct sockaddr*)&name, sizeof name));
  struct sockaddr_un peer = {0};
  socklen_t length = sizeof peer;
  say("getpeername", getpeername(other, (struct sockaddr*)&peer, &length));
  say_text("peer", peer.sun_path);
  fflush(stdout);
  say("system", system("ls /dev/shm/dir"));
  const pid_t child = fork();
  if (child == 0) {
    char* const none[] = {NULL};
    execle("/bin/cat", "cat", "/dev/shm/b", (char*)NULL, none);
    _exit(127);
  }
  int status = -1;
  waitpid(child, &status, 0);
  say("execle", status);
  say("dlopen of no library", dlopen("/dev/shm/a", RTLD_NOW) ? 0 : -1);
}

int main(int count, char** arguments) {
  (void)arguments;
  setvbuf(stdout, NULL, _IOLBF, 0);
  streams();
  descriptors(count - 1);
  names((size_t)count * 200);
  directories();
  attributes();
  memory_and_semaphores();
  sockets_and_programs();
  return 0;
}
