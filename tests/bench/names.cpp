// SPDX-License-Identifier: MIT
//
// What named semaphores and shared memory cost, in a process: libc's own code in every variant, on another directory.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

std::string own_name(const char* what) { return "/bench-" + std::string(what) + "-" + std::to_string(getpid()); }

void semaphore_life(benchmark::State& state) {
  const std::string name = own_name("life");
  for (auto _ : state) {
    sem_t* semaphore = sem_open(name.c_str(), O_CREAT | O_EXCL, 0600, 1);
    if (semaphore == SEM_FAILED) give_up("sem_open");
    sem_close(semaphore);
    sem_unlink(name.c_str());
  }
}

void semaphore_by_name(benchmark::State& state) {
  const std::string name = own_name("named");
  sem_t* made = sem_open(name.c_str(), O_CREAT | O_EXCL, 0600, 1);
  if (made == SEM_FAILED) give_up("sem_open");
  sem_close(made);
  for (auto _ : state) {
    sem_t* semaphore = sem_open(name.c_str(), 0);
    if (semaphore == SEM_FAILED) give_up("sem_open");
    sem_close(semaphore);
  }
  sem_unlink(name.c_str());
}

void memory_life(benchmark::State& state) {
  const std::string name = own_name("memory");
  for (auto _ : state) {
    const int fd = shm_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd < 0 || ftruncate(fd, 4096) != 0) give_up("shm_open");
    void* map = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) give_up("mmap");
    close(fd);
    munmap(map, 4096);
    shm_unlink(name.c_str());
  }
}

void wait_and_post(benchmark::State& state) {
  const std::string name = own_name("wait");
  sem_t* semaphore = sem_open(name.c_str(), O_CREAT | O_EXCL, 0600, 1);
  if (semaphore == SEM_FAILED) give_up("sem_open");
  sem_unlink(name.c_str());
  for (auto _ : state) {
    sem_wait(semaphore);
    sem_post(semaphore);
  }
  sem_close(semaphore);
}

/// A turn and its answer, by two semaphores and a second process.
void between_processes(benchmark::State& state) {
  const std::string ours = own_name("ping"), theirs = own_name("pong");
  sem_t* ping = sem_open(ours.c_str(), O_CREAT | O_EXCL, 0600, 0);
  sem_t* pong = sem_open(theirs.c_str(), O_CREAT | O_EXCL, 0600, 0);
  if (ping == SEM_FAILED || pong == SEM_FAILED) give_up("sem_open");
  const pid_t child = fork();
  if (child == 0) {
    for (;;) {
      sem_wait(ping);
      sem_post(pong);
    }
  }
  for (auto _ : state) {
    sem_post(ping);
    sem_wait(pong);
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  sem_unlink(ours.c_str());
  sem_unlink(theirs.c_str());
}

char* map_shared(std::size_t size) {
  const std::string name = own_name("map");
  const int fd = shm_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR, 0600);
  if (fd < 0 || ftruncate(fd, static_cast<off_t>(size)) != 0) give_up("shm_open");
  shm_unlink(name.c_str());
  void* map = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) give_up("mmap");
  close(fd);
  return static_cast<char*>(map);
}

void mutex_in_memory(benchmark::State& state) {
  char* map = map_shared(4096);
  auto* mutex = reinterpret_cast<pthread_mutex_t*>(map);
  pthread_mutexattr_t shared;
  pthread_mutexattr_init(&shared);
  pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(mutex, &shared);
  for (auto _ : state) {
    pthread_mutex_lock(mutex);
    pthread_mutex_unlock(mutex);
  }
  munmap(map, 4096);
}

void set_bytes(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

void first_touch(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    char* map = map_shared(size);
    std::memset(map, 1, size);
    munmap(map, size);
  }
  set_bytes(state);
}

void rewrite(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  char* map = map_shared(size);
  std::memset(map, 1, size);
  int value = 2;
  for (auto _ : state) {
    std::memset(map, value++, size);
    benchmark::ClobberMemory();
  }
  munmap(map, size);
  set_bytes(state);
}

void read_again(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  char* map = map_shared(size);
  std::memset(map, 1, size);
  for (auto _ : state) benchmark::DoNotOptimize(std::memchr(map, 7, size));
  munmap(map, size);
  set_bytes(state);
}

/// How the costs grow with the number of names that are there.
void among_many(benchmark::State& state) {
  const std::string base = own_name("many");
  const auto name = [&](std::int64_t i) { return base + "-" + std::to_string(i); };
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const int fd = shm_open(name(i).c_str(), O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd < 0) give_up("shm_open");
    close(fd);
  }
  for (auto _ : state) {
    const int fd = shm_open(base.c_str(), O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd < 0) give_up("shm_open");
    close(fd);
    shm_unlink(base.c_str());
  }
  for (std::int64_t i = 0; i < state.range(0); ++i) shm_unlink(name(i).c_str());
}

/// Threads that each make and remove names of their own.
void by_threads(benchmark::State& state) {
  const std::string name = own_name("thread") + "-" + std::to_string(state.thread_index());
  for (auto _ : state) {
    const int fd = shm_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd < 0) give_up("shm_open");
    close(fd);
    shm_unlink(name.c_str());
  }
}

/// The same by processes: an iteration is a life of as many names as there are processes.
void by_processes(benchmark::State& state) {
  constexpr int lives = 50;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      if (fork() == 0) {
        const std::string name = own_name("process");
        for (int life = 0; life < lives; ++life) {
          const int fd = shm_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR, 0600);
          if (fd < 0) _exit(1);
          close(fd);
          shm_unlink(name.c_str());
        }
        _exit(0);
      }
    }
    int status;
    while (wait(&status) > 0)
      if (status != 0) give_up("a process of by_processes");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0) * lives);
}

constexpr std::int64_t mebibyte = 1 << 20;

BENCHMARK(semaphore_life)->Name("sem_open+close+unlink");
BENCHMARK(semaphore_by_name)->Name("sem_open+close by name");
BENCHMARK(memory_life)->Name("shm_open+map+unlink");
BENCHMARK(wait_and_post)->Name("sem_wait+post");
BENCHMARK(between_processes)->Name("sem_post+wait, two processes")->UseRealTime();
BENCHMARK(mutex_in_memory)->Name("mutex in shared memory");
BENCHMARK(first_touch)->Name("first touch")->Arg(mebibyte)->Arg(64 * mebibyte)->UseRealTime();
BENCHMARK(rewrite)->Name("rewriting")->Arg(mebibyte)->Arg(64 * mebibyte)->UseRealTime();
BENCHMARK(read_again)->Name("reading")->Arg(mebibyte)->Arg(64 * mebibyte)->UseRealTime();
BENCHMARK(among_many)->Name("shm_open among names")->Arg(1)->Arg(100)->Arg(10000);
BENCHMARK(by_threads)->Name("shm_open by threads")->Threads(1)->Threads(8)->Threads(64)->UseRealTime();
BENCHMARK(by_processes)->Name("shm_open by processes")->Arg(1)->Arg(8)->Arg(64)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
