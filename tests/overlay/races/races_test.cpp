// SPDX-License-Identifier: MIT
//
// Races, in an ordinary program that knows nothing of devshm.
//
//   races_test sem ROUNDS      processes call sem_open of one name at once: one of them makes it (sem.cpp)
//   races_test dir SECONDS     the directory is removed, replaced and made again under programs that use it (dir.cpp)
//   races_test first ROUNDS    first use in a new process by threads, beside dlopen, fork and signals (first.cpp)
#include <cstdlib>

#include "races.h"

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  if (!strcmp(what, "once")) {
    use_once(static_cast<unsigned>(getpid()));
    return 0;
  }
  const long amount = argc > 2 ? atol(argv[2]) : 1;
  setpgid(0, 0);
  alarm(840 + static_cast<unsigned>(amount) / 20);  // for the long form as well
  if (!strcmp(what, "sem")) {
    race_for_a_semaphore(amount);
  } else if (!strcmp(what, "dir")) {
    race_for_the_directory(amount);
  } else if (!strcmp(what, "first")) {
    race_for_the_first_use_in_new_processes(amount);
  } else if (!strcmp(what, "threads")) {
    race_for_the_first_use();
  } else {
    return 2;
  }
  return 0;
}
