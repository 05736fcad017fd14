// SPDX-License-Identifier: MIT
//
// The races, each in a file that is named like it, and what they share.
#pragma once

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>

[[noreturn]] inline void fail(const char* what, long value = 0) {
  dprintf(2, "races: %s (%ld, errno %d %s)\n", what, value, errno, strerror(errno));
  kill(0, SIGKILL);  // all of this program: it leads a group of its own
  _exit(1);
}

struct Shared {
  pthread_barrier_t barrier;
  std::atomic<unsigned> created;
  std::atomic<long> good, missing;
  std::atomic<long> begun, ended;  ///< changes of the directory
  std::atomic<bool> stop;
};

inline Shared* make_shared(unsigned count) {
  void* at = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) fail("mmap");
  auto* shared = static_cast<Shared*>(at);
  pthread_barrierattr_t attributes;
  pthread_barrierattr_init(&attributes);
  pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_barrier_init(&shared->barrier, &attributes, count);
  return shared;
}

inline void wait_for_all() {
  int status;
  while (wait(&status) > 0)
    if (!WIFEXITED(status) || WEXITSTATUS(status)) fail("a child ended badly", status);
}

inline void meet(Shared* shared) { pthread_barrier_wait(&shared->barrier); }

void race_for_a_semaphore(long rounds);
void race_for_the_directory(long seconds);
void race_for_the_first_use_in_new_processes(long rounds);

/// What such a process does.
void race_for_the_first_use();
/// And what a program does that it executes.
void use_once(unsigned rank);
