// SPDX-License-Identifier: MIT
//
// Random operations on files, each verified against a model in memory.
//
//   random [--seed N] [--rounds N] [--processes N] DIR
//
// Each process has a directory of its own in DIR, with a few names and files: written, read, mapped, cut, punched,
// copied, linked, renamed and removed while open. All share one more file: page after page belongs to the next process,
// and the parent verifies it in the end. What comes of it depends on the seed alone: the tree in the end, which is
// printed, is the same on each file system that does the same.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "worker.h"

namespace {

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

}  // namespace

int main(int count, char** arguments) {
  std::uint64_t seed = std::random_device{}();
  int rounds = 1000, processes = 4;
  const char* directory = nullptr;
  for (int i = 1; i < count; ++i) {
    const std::string option = arguments[i];
    if (option == "--seed" && i + 1 < count)
      seed = std::strtoull(arguments[++i], nullptr, 10);
    else if (option == "--rounds" && i + 1 < count)
      rounds = std::atoi(arguments[++i]);
    else if (option == "--processes" && i + 1 < count)
      processes = std::atoi(arguments[++i]);
    else
      directory = arguments[i];
  }
  if (!directory || processes < 1 || processes > shared_pages) {
    std::fprintf(stderr, "usage: random [--seed N] [--rounds N] [--processes N] DIR\n");
    return 2;
  }
  std::fprintf(stderr, "random: --seed %llu --rounds %d --processes %d\n", static_cast<unsigned long long>(seed),
               rounds, processes);
  if (chdir(directory) != 0) give_up(directory);
  const std::size_t shared_size = shared_pages * page;
  const int shared = open("shared", O_RDWR | O_CREAT | O_EXCL, 0600);
  if (shared < 0 || ftruncate(shared, static_cast<off_t>(shared_size)) != 0) give_up("shared");
  void* model = mmap(nullptr, shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (model == MAP_FAILED) give_up("mmap");

  std::vector<pid_t> pids;
  for (int number = 0; number < processes; ++number) {
    const std::string own = std::to_string(number);
    if (mkdir(own.c_str(), 0700) != 0) give_up("mkdir");
    const pid_t pid = fork();
    if (pid < 0) give_up("fork");
    if (pid == 0) {
      if (chdir(own.c_str()) != 0) give_up("chdir");
      {
        Worker worker(seed, number, processes, static_cast<unsigned char*>(model));
        worker.run(rounds);
      }
      _exit(0);
    }
    pids.push_back(pid);
  }
  bool fine = true;
  for (const pid_t pid : pids) {
    int status = 0;
    waitpid(pid, &status, 0);
    if (status != 0) fine = false;
  }
  Bytes got(shared_size);
  if (pread(shared, got.data(), shared_size, 0) != static_cast<ssize_t>(shared_size) ||
      std::memcmp(got.data(), model, shared_size) != 0) {
    std::fprintf(stderr, "random: the shared file is not what was written\n");
    fine = false;
  }
  return fine ? 0 : 1;
}
