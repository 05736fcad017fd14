// SPDX-License-Identifier: MIT
//
// What the steps need in /dev/shm.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "steps.h"

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
