// SPDX-License-Identifier: MIT
//
// first_use_test ROUNDS [seeded]: first use by many threads at once of all that a process keeps for its lifetime, in a
// new process each time, under ThreadSanitizer (exit status 66). The library itself can't be built so: it runs before
// the sanitizer does. These are its parts, as an ordinary program. `seeded`: beside a publication without any order.
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../../../preload/backing_dir.h"
#include "../../../preload/constant_dir.h"
#include "../../../preload/libc_constant.h"
#include "../../../preload/loaded_objects.h"
#include "../../../preload/report.h"
#include "../../../preload/settings.h"
#include "../../../preload/shown_name.h"
#include "../../../preload/start_dir.h"
#include "../../../preload/wrap/showing_files.h"
#include "../../../preload/wrap/wrapper.h"

// Nothing here is an object of the memory store.
void* devshm::showing_files(const char*, void* real) { return real; }

namespace {

constexpr unsigned threads = 16;
pthread_barrier_t start_line;
bool seeded;
const char* careless;

[[noreturn]] void fail(const char* what) {
  fprintf(stderr, "first_use_test: %s\n", what);
  _exit(1);
}

void use_settings() {
  if (!devshm::settings().active || strcmp(devshm::settings().dir, "/tmp/devshm-test/first") != 0) fail("settings");
}

void use_directory() {
  if (devshm::ensure_backing_dir() != 0) fail("directory");
  if (devshm::judge_from(AT_FDCWD, "/dev/shm/x").kind == devshm::Verdict::outside) fail("path");
  const char name[] = "/tmp/devshm-test/first/x";
  if (devshm::backing_prefix(name, sizeof name - 1, devshm::NameOf::path) != sizeof name - 3) fail("the way back");
}

void use_constant() {
  char eight[devshm::constant_length];
  if (devshm::constant_dir(eight) != 0 || devshm::put_constant_in_place() != 0) fail("constant");
}

void use_symbols() {
  const void* found = nullptr;
  devshm::for_each_loaded([&](const devshm::LoadedObject& object) {
    if (devshm::is_libc(object)) found = defined_in(object, "getppid");
    return found != nullptr;
  });
  if (!found) fail("look-up");
  if (NEXT(getppid)() != getppid()) fail("next function");
  if (!NEXT_LATE(sem_open).real) fail("late function");
}

void* take_part(void* argument) {
  void (*const uses[])() = {use_settings, use_directory, use_constant, use_symbols};
  const auto rank = reinterpret_cast<unsigned long>(argument);
  pthread_barrier_wait(&start_line);
  for (unsigned i = 0; i < 4; ++i) uses[(rank + i) % 4]();
  devshm::say_once(devshm::Topic::settings, {"said by one of them"});
  if (seeded && !careless) careless = "published";
  return nullptr;
}

void race() {
  pthread_barrier_init(&start_line, nullptr, threads);
  pthread_t all[threads];
  for (unsigned long rank = 0; rank < threads; ++rank)
    if (pthread_create(&all[rank], nullptr, take_part, reinterpret_cast<void*>(rank)) != 0) fail("pthread_create");
  for (const pthread_t& thread : all) pthread_join(thread, nullptr);
  // Whoever came first: now libc's own functions work there.
  sem_t* sem = sem_open("/first", O_CREAT, 0600, 1);
  if (sem == SEM_FAILED || access("/tmp/devshm-test/first/sem.first", F_OK) != 0) fail("sem_open");
  sem_close(sem);
  if (sem_unlink("/first") != 0) fail("sem_unlink");
}

}  // namespace

int main(int argc, char** argv) {
  const long rounds = argc > 1 ? atol(argv[1]) : 1;
  seeded = argc > 2;
  setenv("DEVSHM_DIR", "/tmp/devshm-test/first", 1);
  if (rounds == 0) {
    race();
    return 0;
  }
  for (long round = 0; round < rounds; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      execl("/proc/self/exe", argv[0], "0", seeded ? "seeded" : nullptr, nullptr);
      _exit(99);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status) return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    if (round % 2 && system("rm -rf /tmp/devshm-test")) fail("rm");
  }
  printf("%ld processes of %u threads: no data race\n", rounds, threads);
}
