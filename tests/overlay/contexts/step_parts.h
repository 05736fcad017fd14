// SPDX-License-Identifier: MIT
//
// What the steps are made of: what becomes of a result, names that nobody else uses, children. None of it takes more
// stack than a signal handler may have.
#pragma once

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>

namespace {

inline int error_of(bool good) { return good ? 0 : (errno ? errno : EPROTO); }
inline int closed(int fd, bool good) {
  const int error = error_of(good);
  close(fd);
  return error;
}
inline int closed(int fd) {
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

/// "/dev/shm/PREFIX-THREAD": nobody else's. (Without snprintf, which wants much stack.)
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

/// Of a child that executes something: there is no coming back. (vfork would let it write to the stack that is tried
/// here.)
inline int status_of(void (*execute)()) {
  const pid_t child = fork();
  if (child == 0) {
    execute();
    _exit(errno);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}

}  // namespace
