// SPDX-License-Identifier: MIT
//
// What the matrix's programs share: one line on standard output for each check, and fresh processes to check in.
//
// The programs run on glibc 2.17 to the newest and on musl from one file, so they keep to functions that all of these
// have, to printf (stdout and stderr are variables, and would be copied into the program with a libc's size), and to
// no header's inline tricks.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/// How many checks of this process, and of those it has started by run_self(), have failed.
static int failures;

/// One check. errno as the last call left it is told when it fails.
#define CHECK(truth, name)               \
  __extension__({                        \
    const int passed = (truth) ? 1 : 0;  \
    report(passed, errno, name, #truth); \
  })

static inline int report(int passed, int error, const char* name, const char* truth) {
  if (passed)
    printf("ok   %s\n", name);
  else
    printf("FAIL %s: not so: %s; errno %d (%s)\n", name, truth, error, strerror(error));
  fflush(NULL);  // a crash, or a fork, must not lose or double what has been said
  failures += !passed;
  errno = 0;
  return passed;
}

static inline int exists(const char* path) { return access(path, F_OK) == 0; }

/// Whether `directory` has the file of the semaphore `name` ("/..."): glibc puts "sem." before it, musl nothing.
static inline int has_semaphore(const char* directory, const char* name) {
  char path[128];
  snprintf(path, sizeof path, "%s/sem.%s", directory, name + 1);
  if (exists(path)) return 1;
  snprintf(path, sizeof path, "%s%s", directory, name);
  return exists(path);
}

/// This program as a new process with these arguments. PROBE_LAUNCHER is what it takes to start it where the kernel
/// can't: the emulator, another libc's loader, both. Returns in the child only.
static inline void exec_self(const char* self, const char* a, const char* b, const char* c) {
  char* arguments[16];
  char words[1024];
  int count = 0;
  const char* launcher = getenv("PROBE_LAUNCHER");
  snprintf(words, sizeof words, "%s", launcher ? launcher : "");
  for (char* word = strtok(words, " "); word && count < 8; word = strtok(NULL, " ")) arguments[count++] = word;
  const char* rest[] = {self, a, b, c};
  for (size_t i = 0; i < 4 && rest[i]; ++i) arguments[count++] = (char*)rest[i];
  arguments[count] = NULL;
  execv(arguments[0], arguments);
  printf("FAIL exec %s: errno %d\n", arguments[0], errno);
  fflush(NULL);
  _exit(127);
}

/// The exit status of a child, 1000 + the signal that ended it.
static inline int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/// Runs this program with these arguments as a new process, in which nothing has used devshm yet. Its exit status.
static inline int run_self(const char* self, const char* a, const char* b, const char* c) {
  fflush(NULL);
  const pid_t child = fork();
  if (child == 0) exec_self(self, a, b, c);
  return wait_for(child);
}

/// The same for a group of checks, whose lines and failures are this program's own.
static inline void run_group(const char* self, const char* a, const char* b, const char* c) {
  const int status = run_self(self, a, b, c);
  if (status == 0) return;
  ++failures;
  if (status != 1) printf("FAIL %s %s: ended with status %d\n", a, b ? b : "", status);
}

/// The exit status for what has been checked so far.
static inline int verdict(void) { return failures ? 1 : 0; }
