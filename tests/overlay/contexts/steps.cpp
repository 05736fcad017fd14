// SPDX-License-Identifier: MIT
#include "steps.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <mntent.h>
#include <nl_types.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>
#include <utmp.h>

#include <initializer_list>

extern char** environ;

namespace {

constexpr long tmpfs_magic = 0x01021994;

int error_of(bool good) { return good ? 0 : (errno ? errno : EPROTO); }
int closed(int fd) {
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

/// "/dev/shm/PREFIX-THREAD": nobody else's. Without snprintf, which wants more stack than a signal handler may have.
struct Name {
  char text[40];

  explicit Name(const char* prefix) {
    char* at = text;
    for (const char* from : {"/dev/shm/", prefix, "-"})
      while (*from) *at++ = *from++;
    for (long id = syscall(SYS_gettid); id; id /= 10) *at++ = static_cast<char>('0' + id % 10);
    *at = '\0';
  }
};

int take_access() { return error_of(access("/dev/shm/file", R_OK) == 0); }
int take_faccessat() { return error_of(faccessat(AT_FDCWD, "/dev/shm/file", R_OK, 0) == 0); }
int take_open() { return closed(open("/dev/shm/file", O_RDONLY)); }
int take_openat() { return closed(openat(AT_FDCWD, "/dev/shm/file", O_RDONLY)); }
int take_creat() {
  const Name name("creat");
  const int error = closed(creat(name.text, 0600));
  return error ? error : error_of(unlink(name.text) == 0);
}
int take_stat() {
  struct stat out;
  return error_of(stat("/dev/shm/file", &out) == 0 && out.st_size == 4);
}
int take_lstat() {
  struct stat out;
  return error_of(lstat("/dev/shm/link", &out) == 0 && S_ISLNK(out.st_mode));
}
int take_statx() {
  struct statx out;
  return error_of(statx(AT_FDCWD, "/dev/shm/file", 0, STATX_SIZE, &out) == 0 && out.stx_size == 4);
}
int take_statfs() {
  struct statfs out;
  return error_of(statfs("/dev/shm", &out) == 0 && out.f_type == tmpfs_magic);
}
int take_statvfs() {
  struct statvfs out;
  return error_of(statvfs("/dev/shm", &out) == 0 && out.f_blocks > 0);
}
int take_mkdir() {
  const Name name("mkdir");
  return error_of(mkdir(name.text, 0700) == 0 && rmdir(name.text) == 0);
}
int take_chdir() { return error_of(chdir("/dev/shm") == 0 && access("file", F_OK) == 0 && chdir("/") == 0); }
int take_opendir() {
  DIR* opened = opendir("/dev/shm");
  return opened ? closedir(opened) : errno;
}
int take_scandir() {
  dirent** entries;
  const int count = scandir("/dev/shm/dir", &entries, nullptr, alphasort);
  for (int i = 0; i < count; ++i) free(entries[i]);
  if (count >= 0) free(entries);
  return error_of(count == 2);
}
int take_link() {
  const Name name("link");
  return error_of(link("/dev/shm/file", name.text) == 0 && unlink(name.text) == 0);
}
int take_symlink() {
  const Name name("symlink");
  return error_of(symlink("file", name.text) == 0 && remove(name.text) == 0);
}
int take_rename() {
  const Name from("from"), to("to");
  const int error = closed(creat(from.text, 0600));
  return error ? error : error_of(rename(from.text, to.text) == 0 && unlink(to.text) == 0);
}
int take_chmod() { return error_of(chmod("/dev/shm/file", 0644) == 0); }
int take_chown() { return error_of(chown("/dev/shm/file", geteuid(), getegid()) == 0); }
int take_utime() { return error_of(utime("/dev/shm/file", nullptr) == 0); }
int take_utimensat() { return error_of(utimensat(AT_FDCWD, "/dev/shm/file", nullptr, 0) == 0); }
int take_mkfifo() {
  const Name name("fifo");
  return error_of(mkfifo(name.text, 0600) == 0 && unlink(name.text) == 0);
}
int take_mknod() {
  const Name name("node");
  return error_of(mknod(name.text, S_IFREG | 0600, 0) == 0 && unlink(name.text) == 0);
}
int take_truncate() { return error_of(truncate("/dev/shm/file", 4) == 0); }
int take_pathconf() { return error_of(pathconf("/dev/shm", _PC_NAME_MAX) == 255); }
int take_ftok() { return error_of(ftok("/dev/shm/file", 1) != -1); }
int take_getxattr() {
  char value[8];
  return error_of(getxattr("/dev/shm/file", "user.none", value, sizeof value) < 0 && errno == ENODATA);
}
int take_readlink() {
  char text[16];
  return error_of(readlink("/dev/shm/link", text, sizeof text) == 4);
}
int take_getcwd() {
  char text[64];
  return error_of(chdir("/dev/shm/dir") == 0 && getcwd(text, sizeof text) && strcmp(text, "/dev/shm/dir") == 0 &&
                  chdir("/") == 0);
}
int take_realpath() {
  char* path = realpath("/dev/shm/link", nullptr);
  const bool good = path && strcmp(path, "/dev/shm/file") == 0;
  free(path);
  return error_of(good);
}
/// In a child: there is no coming back. (vfork would let the child write to the stack that is tried here.)
int take_execve() {
  const pid_t child = fork();
  if (child == 0) {
    char program[] = "/dev/shm/true";
    char* arguments[] = {program, nullptr};
    execve(program, arguments, environ);
    _exit(errno);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}
int take_execl() {
  const pid_t child = fork();
  if (child == 0) {
    execl("/dev/shm/true", "true", nullptr);
    _exit(errno);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}
int take_posix_spawn() {
  char program[] = "/dev/shm/true";
  char* arguments[] = {program, nullptr};
  pid_t child;
  if (const int error = posix_spawn(&child, program, nullptr, nullptr, arguments, environ)) return error;
  int status = 0;
  return error_of(waitpid(child, &status, 0) == child && status == 0);
}
int take_system() { return error_of(system("test -e /dev/shm/file") == 0); }
int take_bind() {
  const Name name("socket");
  sockaddr_un address{}, found{};
  socklen_t size = sizeof found;
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, name.text, sizeof name.text);
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  const bool good = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                    getsockname(fd, reinterpret_cast<sockaddr*>(&found), &size) == 0 &&
                    strcmp(found.sun_path, name.text) == 0 && unlink(name.text) == 0;
  const int error = error_of(good);
  close(fd);
  return error;
}
int take_connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, "/dev/shm/file", 14);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  const bool good =
      connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 && errno == ECONNREFUSED;  // no socket
  const int error = error_of(good);
  close(fd);
  return error;
}
int take_fallocate() {
  const Name name("room");
  const int fd = open(name.text, O_CREAT | O_RDWR, 0600);
  const bool good = fd >= 0 && posix_fallocate(fd, 0, 4096) == 0 && unlink(name.text) == 0;
  const int error = error_of(good);
  close(fd);
  return error;
}
int take_inotify() {
  const int fd = inotify_init1(IN_CLOEXEC);
  const bool good = inotify_add_watch(fd, "/dev/shm/dir", IN_CREATE) >= 0;
  const int error = error_of(good);
  close(fd);
  return error;
}
int take_umount() { return error_of(umount2("/dev/shm/dir", 0) != 0 && (errno == EINVAL || errno == EPERM)); }
int take_syscall() { return closed(static_cast<int>(syscall(SYS_openat, AT_FDCWD, "/dev/shm/file", O_RDONLY))); }
int take_shm_open() {
  const Name name("shm");
  const int error = closed(shm_open(name.text + 8, O_CREAT | O_EXCL | O_RDWR, 0600));
  return error ? error : error_of(shm_unlink(name.text + 8) == 0);
}
int take_sem_unlink() { return error_of(sem_unlink("/none-of-it") != 0 && errno == ENOENT); }
int take_sem_open() {
  const Name name("sem");
  sem_t* semaphore = sem_open(name.text + 8, O_CREAT | O_EXCL, 0600, 1);
  return error_of(semaphore != SEM_FAILED && sem_wait(semaphore) == 0 && sem_close(semaphore) == 0 &&
                  sem_unlink(name.text + 8) == 0);
}
int take_mkstemp() {
  char name[] = "/dev/shm/temp-XXXXXX";
  const int error = closed(mkstemp(name));
  return error ? error : error_of(strncmp(name, "/dev/shm/temp-", 14) == 0 && unlink(name) == 0);
}
int take_mkdtemp() {
  char name[] = "/dev/shm/temp-XXXXXX";
  return error_of(mkdtemp(name) && rmdir(name) == 0);
}
int take_fopen() {
  FILE* file = fopen("/dev/shm/file", "r");
  char text[8] = "";
  const bool good = file && fgets(text, sizeof text, file) && strcmp(text, "text") == 0;
  const int error = error_of(good);
  if (file) fclose(file);
  return error;
}
int take_glob() {
  glob_t found{};
  const bool good = glob("/dev/shm/fil?", 0, nullptr, &found) == 0 && found.gl_pathc == 1;
  globfree(&found);
  return error_of(good);
}
int visit(const char*, const struct stat*, int, struct FTW*) { return 0; }
int take_nftw() { return error_of(nftw("/dev/shm/dir", visit, 4, FTW_PHYS) == 0); }
int take_fts() {
  char directory[] = "/dev/shm/dir";
  char* paths[] = {directory, nullptr};
  FTS* walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, nullptr);
  if (!walk) return errno;
  const FTSENT* entry = fts_read(walk);
  const bool good = entry && entry->fts_info == FTS_D;
  fts_close(walk);
  return error_of(good);
}
int take_dlopen() {
  void* handle = dlopen("/dev/shm/loaded.so", RTLD_NOW);
  if (!handle) return ENOENT;
  dlclose(handle);
  return 0;
}
int take_catopen() {
  // Not a catalogue: what counts is that the file was there to be looked at.
  const nl_catd catalogue = catopen("/dev/shm/file", 0);
  return error_of(catalogue == reinterpret_cast<nl_catd>(-1) && errno != ENOENT);
}

}  // namespace

constexpr bool light = false, heavy = true;

const Step steps[] = {
    {"access", "access", light, take_access},
    {"access", "faccessat", light, take_faccessat},
    {"open", "open", light, take_open},
    {"open", "openat", light, take_openat},
    {"open", "creat", light, take_creat},
    {"stat", "stat", light, take_stat},
    {"stat", "lstat", light, take_lstat},
    {"stat", "statx", light, take_statx},
    {"statfs", "statfs", light, take_statfs},
    {"statfs", "statvfs", light, take_statvfs},
    {"dir", "mkdir", light, take_mkdir},
    {"dir", "chdir", light, take_chdir},
    {"dir", "opendir", heavy, take_opendir},
    {"dir", "scandir", heavy, take_scandir},
    {"link-rename-unlink", "link", light, take_link},
    {"link-rename-unlink", "symlink", light, take_symlink},
    {"link-rename-unlink", "rename", light, take_rename},
    {"mode-owner", "chmod", light, take_chmod},
    {"mode-owner", "chown", light, take_chown},
    {"utimes", "utime", light, take_utime},
    {"utimes", "utimensat", light, take_utimensat},
    {"mknod-fifo", "mkfifo", light, take_mkfifo},
    {"mknod-fifo", "mknod", light, take_mknod},
    {"size-conf-misc", "truncate", light, take_truncate},
    {"size-conf-misc", "pathconf", light, take_pathconf},
    {"size-conf-misc", "ftok", light, take_ftok},
    {"xattr", "getxattr", light, take_getxattr},
    {"readlink-resolve", "readlink", light, take_readlink},
    {"readlink-resolve", "getcwd", light, take_getcwd},
    {"readlink-resolve", "realpath", heavy, take_realpath},
    {"exec", "execve", light, take_execve},
    {"exec", "execl", light, take_execl},
    {"exec", "posix_spawn", heavy, take_posix_spawn},
    {"exec", "system", heavy, take_system},
    {"af-unix", "bind", light, take_bind},
    {"af-unix", "connect", light, take_connect},
    {"file-space", "posix_fallocate", light, take_fallocate},
    {"watch", "inotify_add_watch", light, take_inotify},
    {"mount", "umount2", light, take_umount},
    {"raw", "syscall", light, take_syscall},
    {"posix-shm-sem", "shm_open", light, take_shm_open},
    {"posix-shm-sem", "sem_unlink", light, take_sem_unlink},
    {"posix-shm-sem", "sem_open", heavy, take_sem_open},
    {"tempfile", "mkstemp", light, take_mkstemp},
    {"tempfile", "mkdtemp", light, take_mkdtemp},
    {"stdio", "fopen", heavy, take_fopen},
    {"walk-glob", "glob", heavy, take_glob},
    {"walk-glob", "nftw", heavy, take_nftw},
    {"walk-glob", "fts", heavy, take_fts},
    {"dlopen", "dlopen", heavy, take_dlopen},
    {"locale-catalog-acct", "catopen", heavy, take_catopen},
};
const int step_count = sizeof steps / sizeof *steps;

namespace {

bool copy(const char* from, const char* to) {
  const int in = open(from, O_RDONLY), out = open(to, O_CREAT | O_EXCL | O_WRONLY, 0755);
  char bytes[4096];
  ssize_t got = -1;
  while (in >= 0 && out >= 0 && (got = read(in, bytes, sizeof bytes)) > 0)
    if (write(out, bytes, static_cast<size_t>(got)) != got) return false;
  close(in);
  close(out);
  return got == 0;
}

}  // namespace

bool prepare(const char* program, const char* library) {
  const int fd = open("/dev/shm/file", O_CREAT | O_EXCL | O_WRONLY, 0644);
  return fd >= 0 && write(fd, "text", 4) == 4 && close(fd) == 0 && mkdir("/dev/shm/dir", 0755) == 0 &&
         symlink("file", "/dev/shm/link") == 0 && copy(program, "/dev/shm/true") && copy(library, "/dev/shm/loaded.so");
}
