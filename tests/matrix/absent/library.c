// SPDX-License-Identifier: MIT
//
// A library that the program needs: it is bound before devshm can hide anything, so it finds what this libc lacks. What
// it finds has to work: on a path below /dev/shm, and on an ordinary one.
#include <limits.h>
#include <sys/syscall.h>

#include "../checks.h"

struct Open {
  unsigned long long flags, mode, resolve;
};

#define WEAK __attribute__((weak))
int stat(const char*, struct stat*) WEAK;
int stat64(const char*, struct stat*) WEAK;
int lstat(const char*, struct stat*) WEAK;
int fstatat(int, const char*, struct stat*, int) WEAK;
int mknod(const char*, mode_t, dev_t) WEAK;
int mknodat(int, const char*, mode_t, dev_t) WEAK;
int statx(int, const char*, int, unsigned, void*) WEAK;
int renameat2(int, const char*, int, const char*, unsigned) WEAK;
int openat2(int, const char*, const void*, size_t) WEAK;
int execveat(int, const char*, char* const*, char* const*, int) WEAK;
int open_tree(int, const char*, unsigned) WEAK;
int move_mount(int, const char*, int, const char*, unsigned) WEAK;
int fspick(int, const char*, unsigned) WEAK;
int fsconfig(int, unsigned, const char*, const void*, int) WEAK;
int mount_setattr(int, const char*, unsigned, void*, size_t) WEAK;
int __open_2(const char*, int) WEAK;
int __openat_2(int, const char*, int) WEAK;
char* canonicalize_file_name(const char*) WEAK;
char* getwd(char*) WEAK;
void* __setmntent(const char*, const char*) WEAK;
const char* gnu_get_libc_version(void) WEAK;

// The kernel has no such call for a program (an emulator may not know it): then ENOSYS is right.
#define LACKS(number, ...) (syscall(number, __VA_ARGS__) < 0 && errno == ENOSYS)

static void stats(const char* path) {
  char memory[256];  // for statx, whose structure old headers lack
  struct stat found[1];
  if (stat) CHECK(stat(path, found) == 0 && S_ISREG(found->st_mode), "stat");
  if (stat64) CHECK(stat64(path, found) == 0 && S_ISREG(found->st_mode), "stat64");
  if (lstat) CHECK(lstat(path, found) == 0 && S_ISREG(found->st_mode), "lstat");
  if (fstatat) CHECK(fstatat(AT_FDCWD, path, found, 0) == 0 && S_ISREG(found->st_mode), "fstatat");
  if (stat) CHECK(stat("/tmp/none", found) < 0 && errno == ENOENT, "stat of nothing: ENOENT");
  if (statx && !LACKS(SYS_statx, AT_FDCWD, "/", 0, 1, memory)) CHECK(statx(AT_FDCWD, path, 0, 1, memory) == 0, "statx");
}

static void names(const char* path, const char* other) {
  struct Open how = {O_RDONLY, 0, 0};
  if (renameat2) CHECK(renameat2(AT_FDCWD, path, AT_FDCWD, other, 0) == 0 && exists(other), "renameat2");
  if (renameat2) CHECK(renameat2(AT_FDCWD, other, AT_FDCWD, path, 1) == 0 && exists(path), "renameat2 NOREPLACE");
  if (openat2 && !LACKS(SYS_openat2, AT_FDCWD, "/", &how, sizeof how))
    CHECK(openat2(AT_FDCWD, path, &how, sizeof how) >= 0, "openat2");
  if (mknod) CHECK(mknod(other, S_IFIFO | 0600, 0) == 0 && exists(other) && unlink(other) == 0, "mknod");
  if (mknodat) CHECK(mknodat(AT_FDCWD, other, S_IFREG | 0600, 0) == 0 && unlink(other) == 0, "mknodat");
  if (mknod && gnu_get_libc_version)
    CHECK(mknod(other, S_IFCHR | 0600, 1ULL << 40) < 0 && errno == EINVAL, "mknod of a wide number: EINVAL");
  if (__open_2) CHECK(__open_2(path, O_RDWR) >= 0, "__open_2");
  if (__openat_2) CHECK(__openat_2(AT_FDCWD, path, O_RDWR) >= 0, "__openat_2");
  if (__setmntent) CHECK(__setmntent(path, "r") != NULL, "__setmntent");
  if (canonicalize_file_name) {
    const char* name = canonicalize_file_name(path);
    CHECK(name && strcmp(name, path) == 0, "canonicalize_file_name");
  }
}

// None of them may succeed for an ordinary user. What matters is that the kernel has been asked.
static void mounts(void) {
  char attributes[32] = {0};
  if (open_tree && !LACKS(SYS_open_tree, -1, NULL, 0u)) CHECK(open_tree(AT_FDCWD, "/dev/shm", 0) >= 0, "open_tree");
  if (move_mount && !LACKS(SYS_move_mount, -1, NULL, -1, NULL, 0u))
    CHECK(move_mount(-1, "", -1, "/dev/shm", 0) < 0 && errno != ENOSYS, "move_mount");
  if (fspick && !LACKS(SYS_fspick, -1, NULL, 0u))
    CHECK(fspick(AT_FDCWD, "/dev/shm", 0) < 0 && errno != ENOSYS, "fspick");
  if (fsconfig && !LACKS(SYS_fsconfig, -1, 0u, NULL, NULL, 0))
    CHECK(fsconfig(-1, 1, "source", "none", 0) < 0 && errno != ENOSYS, "fsconfig");
  if (mount_setattr && !LACKS(SYS_mount_setattr, -1, NULL, 0u, NULL, (size_t)0))
    CHECK(mount_setattr(AT_FDCWD, "/dev/shm", 0, attributes, sizeof attributes) < 0 && errno != ENOSYS,
          "mount_setattr");
}

static void executes(void) {
  char* arguments[] = {(char*)"none", NULL};
  if (execveat && !LACKS(SYS_execveat, -1, NULL, NULL, NULL, 0))
    CHECK(execveat(AT_FDCWD, "/dev/shm/none", arguments, arguments + 1, 0) < 0 && errno == ENOENT, "execveat");
}

static void directory(void) {
  char name[PATH_MAX];
  CHECK(chdir("/dev/shm") == 0, "chdir");
  if (getwd) CHECK(getwd(name) && strcmp(name, "/dev/shm") == 0, "getwd");
}

int call_them(void) {
  static const char* const places[][2] = {{"/dev/shm/file", "/dev/shm/other"}, {"/tmp/file", "/tmp/other"}};
  for (int i = 0; i < 2; ++i) {
    CHECK(open(places[i][0], O_CREAT | O_RDWR, 0600) >= 0, places[i][0]);
    stats(places[i][0]);
    names(places[i][0], places[i][1]);
  }
  mounts();
  executes();
  directory();
  return failures != 0;
}
