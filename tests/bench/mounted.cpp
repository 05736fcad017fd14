// SPDX-License-Identifier: MIT
//
// What a file system at /dev/shm costs, call by call: files, mappings and semaphores. By the clock: a file system in user
// space works in another process.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

constexpr const char* file_name = "/dev/shm/bench-file";
constexpr const char* semaphore_name = "/bench-semaphore";
constexpr std::size_t page = 4096;
constexpr std::size_t mapped_size = 1 << 20;

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// A new file of this size, which goes with its last descriptor and mapping.
int new_file(std::size_t size) {
  const int fd = open(file_name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, static_cast<off_t>(size)) != 0) give_up(file_name);
  unlink(file_name);
  return fd;
}

char* map(int fd) {
  void* mapped = mmap(nullptr, mapped_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) give_up("mmap");
  return static_cast<char*>(mapped);
}

void touch_pages(char* mapped) {
  for (std::size_t at = 0; at < mapped_size; at += page) benchmark::DoNotOptimize(mapped[at] += 1);
}

void create_and_unlink(benchmark::State& state) {
  for (auto _ : state) {
    const int fd = open(file_name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd < 0) give_up(file_name);
    close(fd);
    unlink(file_name);
  }
}

void write_again(benchmark::State& state) {
  const std::vector<char> bytes(static_cast<std::size_t>(state.range(0)), 'x');
  const int fd = new_file(bytes.size());
  for (auto _ : state)
    if (pwrite(fd, bytes.data(), bytes.size(), 0) != state.range(0)) give_up("pwrite");
  close(fd);
}

void read_again(benchmark::State& state) {
  std::vector<char> bytes(static_cast<std::size_t>(state.range(0)), 'x');
  const int fd = new_file(bytes.size());
  if (pwrite(fd, bytes.data(), bytes.size(), 0) != state.range(0)) give_up("pwrite");
  for (auto _ : state)
    if (pread(fd, bytes.data(), bytes.size(), 0) != state.range(0)) give_up("pread");
  close(fd);
}

/// Pages that nobody has had: they are made.
void fresh_mapping(benchmark::State& state) {
  for (auto _ : state) {
    const int fd = new_file(mapped_size);
    char* mapped = map(fd);
    touch_pages(mapped);
    munmap(mapped, mapped_size);
    close(fd);
  }
}

/// Pages that are there, in a mapping that does not have them yet.
void warm_mapping(benchmark::State& state) {
  const int fd = new_file(mapped_size);
  char* first = map(fd);
  touch_pages(first);
  for (auto _ : state) {
    char* mapped = map(fd);
    touch_pages(mapped);
    munmap(mapped, mapped_size);
  }
  munmap(first, mapped_size);
  close(fd);
}

sem_t* open_semaphore() {
  sem_t* semaphore = sem_open(semaphore_name, O_CREAT, 0600, 1);
  if (semaphore == SEM_FAILED) give_up("sem_open");
  return semaphore;
}

void semaphore_life(benchmark::State& state) {
  for (auto _ : state) {
    sem_close(open_semaphore());
    sem_unlink(semaphore_name);
  }
}

void wait_and_post(benchmark::State& state) {
  sem_t* semaphore = open_semaphore();
  sem_unlink(semaphore_name);
  for (auto _ : state) {
    sem_wait(semaphore);
    sem_post(semaphore);
  }
  sem_close(semaphore);
}

BENCHMARK(create_and_unlink)->Name("create+unlink")->UseRealTime();
BENCHMARK(write_again)->Name("write, bytes")->Arg(page)->Arg(1 << 20)->UseRealTime();
BENCHMARK(read_again)->Name("read, bytes")->Arg(page)->Arg(1 << 20)->UseRealTime();
BENCHMARK(fresh_mapping)->Name("256 pages, fresh mapping")->UseRealTime();
BENCHMARK(warm_mapping)->Name("256 pages, warm mapping")->UseRealTime();
BENCHMARK(semaphore_life)->Name("sem_open+close+unlink")->UseRealTime();
BENCHMARK(wait_and_post)->Name("sem_wait+post")->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
