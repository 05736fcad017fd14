// SPDX-License-Identifier: MIT
//
// Races, in an ordinary program that knows nothing of devshm.
//
// races_test sem ROUNDS     32 processes call sem_open of one name at once, with O_EXCL and without: one of them makes
// it
//
// races_test dir SECONDS    the directory is removed, replaced and made again under programs that use it
//
// races_test first ROUNDS   first use in a new process by threads, beside dlopen, dlclose, fork, vfork and exec,
// signals
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

constexpr unsigned workers = 32;

[[noreturn]] void fail(const char* what, long value = 0) {
  dprintf(2, "races: %s (%ld, errno %d %s)\n", what, value, errno, strerror(errno));
  kill(0, SIGKILL);  // all of this program: it leads a group of its own
  _exit(1);
}

struct Shared {
  pthread_barrier_t barrier;
  std::atomic<unsigned> created;
  std::atomic<long> good, missing;
  std::atomic<bool> stop;
};

Shared* make_shared(unsigned count) {
  void* at = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) fail("mmap");
  auto* shared = static_cast<Shared*>(at);
  pthread_barrierattr_t attributes;
  pthread_barrierattr_init(&attributes);
  pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_barrier_init(&shared->barrier, &attributes, count);
  return shared;
}

void wait_for_all() {
  int status;
  while (wait(&status) > 0)
    if (!WIFEXITED(status) || WEXITSTATUS(status)) fail("a child ended badly", status);
}

void meet(Shared* shared) { pthread_barrier_wait(&shared->barrier); }

// --- sem ---

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

// --- dir ---

/// An answer that the directory's absence explains.
void count(Shared* shared, bool good) {
  if (good)
    ++shared->good;
  else if (errno == ENOENT)
    ++shared->missing;
  else
    fail("an error that a missing directory does not explain");
}

void use(Shared* shared, int rank) {
  char path[64], name[64];
  snprintf(path, sizeof path, "/dev/shm/path.%d", rank);
  snprintf(name, sizeof name, "/name.%d", rank);
  while (!shared->stop) {
    int fd = open(path, O_CREAT | O_RDWR, 0600);
    count(shared, fd >= 0);
    if (fd >= 0) close(fd);
    sem_t* sem = sem_open(name, O_CREAT, 0600, 1);
    count(shared, sem != SEM_FAILED);
    if (sem != SEM_FAILED && (sem_trywait(sem) != 0 || sem_post(sem) != 0)) fail("a semaphore that is none");
    if (sem != SEM_FAILED) sem_close(sem);
    fd = shm_open(name, O_CREAT | O_RDWR, 0600);
    count(shared, fd >= 0);
    if (fd >= 0) close(fd);
    sem_unlink(name);
    shm_unlink(name);
    unlink(path);
  }
}

void race_for_the_directory(long seconds) {
  constexpr int users = 6;
  Shared* shared = make_shared(1);
  for (int rank = 0; rank < users; ++rank) {
    if (fork() != 0) continue;
    use(shared, rank);
    _exit(0);
  }
  // By paths that devshm leaves alone. Moved away; emptied; or exchanged for another one of ours.
  long changes = 0;
  for (const time_t end = time(nullptr) + seconds; time(nullptr) < end; ++changes) {
    char away[64];
    snprintf(away, sizeof away, "/tmp/away.%ld", changes);
    if (changes % 3 == 0) {
      if (system("rm -rf /tmp/shm 2>/dev/null")) {
      }
    } else if (rename("/tmp/shm", away) == 0 && changes % 3 == 2 && mkdir("/tmp/shm", 0700) == 0) {
      chmod("/tmp/shm", 01777);
    }
    usleep(2000);
  }
  shared->stop = true;
  wait_for_all();
  printf("%ld calls, %ld of them found no directory, in %ld changes of it\n", shared->good + shared->missing,
         shared->missing.load(), changes);
  if (changes < 20 || shared->good < 1000) fail("too little happened");
  // The call that misses it makes it again and is tried once more: only a second change at that moment is seen.
  if (shared->missing * 4 > changes) fail("calls that found no directory:", shared->missing);
  const int fd = open("/dev/shm/after", O_CREAT | O_RDWR, 0600);
  struct stat found;
  if (fd < 0 || stat("/tmp/shm", &found) != 0) fail("afterwards");
  if ((found.st_mode & 07777) != 01777) fail("mode", found.st_mode);
}

// --- first ---

constexpr unsigned threads = 64;
pthread_barrier_t start_line;
const char* own_program;

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

}  // namespace

int main(int argc, char** argv) {
  own_program = "/proc/self/exe";
  const char* what = argc > 1 ? argv[1] : "";
  if (!strcmp(what, "once")) {
    use_once(static_cast<unsigned>(getpid()));
    return 0;
  }
  const long amount = argc > 2 ? atol(argv[2]) : 1;
  setpgid(0, 0);
  alarm(280 + static_cast<unsigned>(amount) / 20);  // for the long form as well
  if (!strcmp(what, "sem")) {
    race_for_a_semaphore(amount);
  } else if (!strcmp(what, "dir")) {
    race_for_the_directory(amount);
  } else if (!strcmp(what, "first")) {
    for (long round = 0; round < amount; ++round) {
      // A new process each time, by exec: its first use is still to come. Every other time without the directory.
      if (round % 2 && system("rm -rf /tmp/shm")) fail("rm");
      const pid_t child = fork();
      if (child == 0) {
        execl(own_program, own_program, "threads", nullptr);
        _exit(99);
      }
      wait_for(child);
    }
    printf("%ld processes, of %u threads each\n", amount, threads);
  } else if (!strcmp(what, "threads")) {
    race_for_the_first_use();
  } else {
    return 2;
  }
  return 0;
}
