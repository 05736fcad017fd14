// SPDX-License-Identifier: MIT
//
// Shared memory by name, as a program uses it: on a tmpfs, in files on a disk, and in devshm's memory store.
//
//   objects memory MEBIBYTES    "first-touch N rewrite N read N", in nanoseconds for all of it
//   objects first               nanoseconds of the first shm_open that creates something
//   objects names COUNT         "open N create+unlink N in-a-row N", nanoseconds: medians, and a mean of many in a row
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

long long now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

std::string own_name(const char* what) { return "/bench-" + std::string(what) + "-" + std::to_string(getpid()); }

int create(const std::string& name) {
  const int fd = shm_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR, 0600);
  if (fd < 0) give_up("shm_open");
  return fd;
}

void create_and_unlink(const std::string& name) {
  close(create(name));
  if (shm_unlink(name.c_str()) != 0) give_up("shm_unlink");
}

void use_memory(std::size_t mebibytes) {
  const std::string name = own_name("memory");
  const std::size_t size = mebibytes << 20;
  const int fd = create(name);
  shm_unlink(name.c_str());
  if (ftruncate(fd, static_cast<off_t>(size)) != 0) give_up("ftruncate");
  void* const map = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) give_up("mmap");
  const long long touching = now();
  std::memset(map, 1, size);
  const long long rewriting = now();
  std::memset(map, 2, size);
  const long long reading = now();
  if (std::memchr(map, 7, size)) give_up("memchr");
  std::printf("first-touch %lld rewrite %lld read %lld\n", rewriting - touching, reading - rewriting, now() - reading);
}

void create_first() {
  const std::string name = own_name("first");
  const long long began = now();
  const int fd = create(name);
  std::printf("%lld\n", now() - began);
  close(fd);
  shm_unlink(name.c_str());
}

/// The median. With a pause now and then, as between what programs do.
template <class Function>
long long median(int count, const Function& function) {
  std::vector<long long> took;
  for (int i = 0; i < count; ++i) {
    if (i % 16 == 0) usleep(5000);
    const long long began = now();
    function();
    took.push_back(now() - began);
  }
  std::nth_element(took.begin(), took.begin() + count / 2, took.end());
  return took[static_cast<std::size_t>(count / 2)];
}

void use_names(int count) {
  const std::string there = own_name("there"), passing = own_name("passing");
  close(create(there));
  const long long opening = median(count, [&] {
    const int fd = shm_open(there.c_str(), O_RDWR, 0);
    if (fd < 0) give_up("shm_open");
    close(fd);
  });
  const long long creating = median(count, [&] { create_and_unlink(passing); });
  const long long began = now();
  for (int i = 0; i < count; ++i) create_and_unlink(passing);
  std::printf("open %lld create+unlink %lld in-a-row %lld\n", opening, creating, (now() - began) / count);
  shm_unlink(there.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  const int number = argc > 2 ? std::atoi(argv[2]) : 0;
  if (what == "memory" && number > 0) {
    use_memory(static_cast<std::size_t>(number));
  } else if (what == "first") {
    create_first();
  } else if (what == "names" && number > 0) {
    use_names(number);
  } else {
    std::fprintf(stderr, "usage: objects memory MEBIBYTES | first | names COUNT\n");
    return 2;
  }
}
