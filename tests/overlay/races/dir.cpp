// SPDX-License-Identifier: MIT
//
// The directory is removed, replaced and made again under programs that use it.
#include <fcntl.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstdlib>
#include <ctime>

#include "races.h"

namespace {

/// An answer that the directory's absence explains. The call that misses it makes it again and is tried once more: only
/// a change at that moment, after all that had `ended` before the call, may be seen.
void count(Shared* shared, bool good, long ended) {
  if (good)
    ++shared->good;
  else if (errno != ENOENT)
    fail("an error that a missing directory does not explain");
  else if (shared->begun == ended)
    fail("a call that found no directory, although nobody has changed it");
  else
    ++shared->missing;
}

void use(Shared* shared, int rank) {
  char path[64], name[64];
  snprintf(path, sizeof path, "/dev/shm/path.%d", rank);
  snprintf(name, sizeof name, "/name.%d", rank);
  while (!shared->stop) {
    long ended = shared->ended;
    int fd = open(path, O_CREAT | O_RDWR, 0600);
    count(shared, fd >= 0, ended);
    if (fd >= 0) close(fd);
    ended = shared->ended;
    sem_t* sem = sem_open(name, O_CREAT, 0600, 1);
    count(shared, sem != SEM_FAILED, ended);
    if (sem != SEM_FAILED && (sem_trywait(sem) != 0 || sem_post(sem) != 0)) fail("a semaphore that is none");
    if (sem != SEM_FAILED) sem_close(sem);
    ended = shared->ended;
    fd = shm_open(name, O_CREAT | O_RDWR, 0600);
    count(shared, fd >= 0, ended);
    if (fd >= 0) close(fd);
    sem_unlink(name);
    shm_unlink(name);
    unlink(path);
  }
}

}  // namespace

void race_for_the_directory(long seconds) {
  constexpr int users = 6;
  Shared* shared = make_shared(1);
  for (int rank = 0; rank < users; ++rank) {
    if (fork() != 0) continue;
    use(shared, rank);
    _exit(0);
  }
  // By paths that devshm leaves alone. Moved away; emptied; or exchanged for another one of ours.
  // Longer on a busy machine, until enough has happened.
  constexpr long enough_changes = 20, enough_calls = 1000;
  long changes = 0;
  const time_t end = time(nullptr) + seconds;
  for (; time(nullptr) < end || changes < enough_changes || shared->good < enough_calls; ++changes) {
    char away[64];
    ++shared->begun;
    snprintf(away, sizeof away, "/tmp/away.%ld", changes);
    if (changes % 3 == 0) {
      if (system("rm -rf /tmp/shm 2>/dev/null")) {
      }
    } else if (rename("/tmp/shm", away) == 0 && changes % 3 == 2 && mkdir("/tmp/shm", 0700) == 0) {
      chmod("/tmp/shm", 01777);
    }
    ++shared->ended;
    usleep(2000);
  }
  shared->stop = true;
  wait_for_all();
  printf("%ld calls, %ld of them found no directory, in %ld changes of it\n", shared->good + shared->missing,
         shared->missing.load(), changes);
  // On a busy machine many a call is interrupted at that moment, but not each.
  if (shared->missing > changes) fail("calls that found no directory:", shared->missing);
  const int fd = open("/dev/shm/after", O_CREAT | O_RDWR, 0600);
  struct stat found;
  if (fd < 0 || stat("/tmp/shm", &found) != 0) fail("afterwards");
  if ((found.st_mode & 07777) != 01777) fail("mode", found.st_mode);
}
