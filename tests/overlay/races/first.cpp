// SPDX-License-Identifier: MIT
//
// First use in a new process by threads, beside dlopen, dlclose, fork, vfork and exec, signals.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdlib>

#include "races.h"

namespace {

const char* const own_program = "/proc/self/exe";
constexpr unsigned threads = 64;
pthread_barrier_t start_line;

void on_signal(int) {
  const int before = errno;
  struct stat found;
  if (stat("/dev/shm", &found) != 0) fail("stat in a handler");
  const int fd = open("/dev/shm/by-signal", O_CREAT | O_RDWR, 0600);
  if (fd < 0) fail("open in a handler");
  close(fd);
  errno = before;
}

void wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) fail("waitpid");
  if (status) fail("a child ended badly", status);
}

void* take_a_part(void* argument) {
  const auto rank = static_cast<unsigned>(reinterpret_cast<unsigned long>(argument));
  pthread_barrier_wait(&start_line);
  for (int turn = 0; turn < 3; ++turn) {
    switch (rank % 6) {
      case 0:
      case 1: use_once(rank); break;
      case 2: {
        void* handle = dlopen("libm.so.6", RTLD_NOW);
        if (!handle) fail("dlopen");
        void* libc = dlopen("libc.so.6", RTLD_NOW);
        using ShmOpen = int (*)(const char*, int, mode_t);
        auto by_handle = reinterpret_cast<ShmOpen>(dlsym(libc, "shm_open"));
        const int fd = by_handle ? by_handle("/by-handle", O_CREAT | O_RDWR, 0600) : -1;
        if (fd < 0) fail("shm_open by a handle");
        close(fd);
        dlclose(libc);
        dlclose(handle);
        break;
      }
      case 3: {
        const pid_t child = fork();
        if (child == 0) {
          on_signal(0);  // as little as in a handler: libc's sem_open takes a lock that another thread may hold now
          _exit(0);
        }
        wait_for(child);
        break;
      }
      case 4: {
        const pid_t child = vfork();
        if (child == 0) {
          execl(own_program, own_program, "once", nullptr);
          _exit(99);
        }
        wait_for(child);
        break;
      }
      default: raise(SIGUSR1); break;
    }
  }
  return nullptr;
}

}  // namespace

void use_once(unsigned rank) {
  char name[64];
  snprintf(name, sizeof name, "/t.%u", rank);
  sem_t* sem = sem_open(name, O_CREAT, 0600, 1);
  if (sem == SEM_FAILED || sem_trywait(sem) != 0) fail("sem_open");
  sem_close(sem);
  if (sem_unlink(name) != 0) fail("sem_unlink");
  const int fd = shm_open(name, O_CREAT | O_RDWR, 0600);
  if (fd < 0) fail("shm_open");
  close(fd);
  if (shm_unlink(name) != 0) fail("shm_unlink");
}

void race_for_the_first_use() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
  pthread_barrier_init(&start_line, nullptr, threads);
  pthread_t all[threads];
  for (unsigned long rank = 0; rank < threads; ++rank)
    if (pthread_create(&all[rank], nullptr, take_a_part, reinterpret_cast<void*>(rank)) != 0) fail("pthread_create");
  for (const pthread_t& thread : all) pthread_join(thread, nullptr);
}

void race_for_the_first_use_in_new_processes(long rounds) {
  for (long round = 0; round < rounds; ++round) {
    // By exec, so that the first use is still to come. Every other time without the directory.
    if (round % 2 && system("rm -rf /tmp/shm")) fail("rm");
    const pid_t child = fork();
    if (child == 0) {
      execl(own_program, own_program, "threads", nullptr);
      _exit(99);
    }
    wait_for(child);
  }
  printf("%ld processes, of %u threads each\n", rounds, threads);
}
