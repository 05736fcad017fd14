// SPDX-License-Identifier: MIT
//
// What a process pays for its first name: nanoseconds of the first life of a shared memory object, and of the second.
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>

namespace {

long long life(const char* name) {
  timespec began, ended;
  clock_gettime(CLOCK_MONOTONIC, &began);
  const int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
  clock_gettime(CLOCK_MONOTONIC, &ended);
  if (fd < 0 || shm_unlink(name) != 0) {
    std::perror("shm_open");
    return -1;
  }
  close(fd);
  return (ended.tv_sec - began.tv_sec) * 1'000'000'000LL + (ended.tv_nsec - began.tv_nsec);
}

}  // namespace

int main() {
  char name[64];
  std::snprintf(name, sizeof name, "/bench-first-%d", getpid());
  const long long first = life(name), second = life(name);
  std::printf("%lld %lld\n", first, second);
  return first < 0 || second < 0;
}
