// SPDX-License-Identifier: MIT
//
// Functions that glibc has in more than one version. Before glibc 2.36 dlsym(RTLD_NEXT) gives the oldest, which is not
// what a program means: here each is called by way of the library and must answer as its default version does.
#define _GNU_SOURCE  // nftw and its FTW_ACTIONRETVAL
#include <ftw.h>
#include <glob.h>
#include <spawn.h>

#include "probe.h"

static int visits;

static int skip_all(const char* path, const struct stat* found, int kind, struct FTW* at) {
  (void)path, (void)found, (void)kind, (void)at;
  ++visits;
  return FTW_SKIP_SUBTREE;  // for an old nftw, an error that ends the walk
}

static void write_file(const char* path, const char* text, mode_t mode) {
  const int fd = open(path, O_CREAT | O_WRONLY, mode);
  CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0, path);
}

/// `glibc` is its minor version, "31"; empty on musl.
int versions_group(const char* glibc) {
  const int minor = atoi(glibc);
  char* resolved = realpath("/dev/shm/../shm", NULL);
  CHECK(resolved && strcmp(resolved, "/dev/shm") == 0, "realpath without a buffer (not before glibc 2.3)");

  char* none[] = {(char*)"script", NULL};
  pid_t child = 0;
  write_file("/dev/shm/script", "exit 7\n", 0700);
  const int result = posix_spawn(&child, "/dev/shm/script", NULL, NULL, none, none);
  // Before glibc 2.24 the error comes as the child's exit status.
  CHECK(result == ENOEXEC || (result == 0 && wait_for(child) == 127),
        "posix_spawn leaves a script without #! alone (not before glibc 2.15)");
  CHECK(unlink("/dev/shm/script") == 0, "unlink");

  if (minor == 0) return verdict();  // musl, which has no FTW_ACTIONRETVAL
  CHECK(mkdir("/dev/shm/walk", 0700) == 0 && mkdir("/dev/shm/walk/in", 0700) == 0, "mkdir");
  CHECK(nftw("/dev/shm/walk", skip_all, 4, FTW_PHYS | FTW_ACTIONRETVAL) == 0 && visits == 1,
        "nftw goes by what the callback returns (not before glibc 2.3.3)");
  CHECK(rmdir("/dev/shm/walk/in") == 0 && rmdir("/dev/shm/walk") == 0, "rmdir");

  if (minor < 27) return verdict();  // where glob has no second version yet
  glob_t found = {0};
  CHECK(mkdir("/dev/shm/dir", 0700) == 0 && symlink("nowhere", "/dev/shm/dir/dangling") == 0, "symlink");
  CHECK(glob("/dev/shm/d?r/dangling", 0, NULL, &found) == 0 && found.gl_pathc == 1,
        "glob finds a link that leads nowhere (not before glibc 2.27)");
  globfree(&found);
  CHECK(unlink("/dev/shm/dir/dangling") == 0 && rmdir("/dev/shm/dir") == 0, "unlink");
  return verdict();
}
