// SPDX-License-Identifier: MIT
//
// 32 processes call sem_open of one name at once: one of them makes it, and all have the same.
#include <dirent.h>
#include <fcntl.h>
#include <semaphore.h>
#include <sys/wait.h>

#include "races.h"

namespace {

constexpr unsigned workers = 32;

unsigned names_in(const char* path) {
  DIR* dir = opendir(path);
  if (!dir) fail("opendir");
  unsigned count = 0;
  while (const dirent* entry = readdir(dir)) count += entry->d_name[0] != '.';
  closedir(dir);
  return count;
}

void take_part(Shared* shared, unsigned rank, long rounds) {
  const char* name = "/race";
  for (long round = 0; round < rounds; ++round) {
    const bool exclusive = round % 2;
    meet(shared);
    sem_t* sem = sem_open(name, O_CREAT | (exclusive ? O_EXCL : 0), 0600, 0);
    if (exclusive && sem != SEM_FAILED) ++shared->created;
    if (exclusive && sem == SEM_FAILED) {
      if (errno != EEXIST) fail("sem_open with O_EXCL", round);
      sem = sem_open(name, 0);  // whoever is told that it is there finds it
    }
    if (sem == SEM_FAILED) fail("sem_open", round);
    if (sem_post(sem) != 0) fail("sem_post", round);
    meet(shared);
    if (rank == 0) {
      int value = 0;
      sem_getvalue(sem, &value);
      if (value != workers) fail("not all had the same object; posts that arrived:", value);
      if (exclusive && shared->created != 1) fail("creators:", shared->created);
      shared->created = 0;
      if (sem_unlink(name) != 0) fail("sem_unlink", round);
      if (const unsigned left = names_in("/dev/shm")) fail("names that are left over:", left);
    }
    sem_close(sem);
  }
}

}  // namespace

void race_for_a_semaphore(long rounds) {
  Shared* shared = make_shared(workers);
  for (unsigned rank = 0; rank < workers; ++rank) {
    if (fork() != 0) continue;
    take_part(shared, rank, rounds);
    _exit(0);
  }
  wait_for_all();
  printf("%ld rounds of %u processes: one creator and one object each time\n", rounds, workers);
}
