// SPDX-License-Identifier: MIT
//
// What one call costs, in a process: run under each variant by `run`, and by hand as any Google Benchmark program.
//
//   BENCH_DIRECTORY=DIR calls [--benchmark_filter=...]
//
// DIR is a directory on disk to make files in. Names say FUNCTION/HOW/LENGTH; "shm" is a path below /dev/shm, or below
// BENCH_SHM where that is set: the rewritten path, as the reference.
#include <benchmark/benchmark.h>
#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

std::string directory;
std::string shm = "/dev/shm";

[[noreturn]] void give_up(const std::string& what) {
  std::perror(what.c_str());
  std::exit(1);
}

void make_file(const std::string& path) {
  const int fd = open(path.c_str(), O_CREAT | O_RDWR, 0600);
  if (fd < 0) give_up(path);
  close(fd);
}

/// A file of the wanted path length: one name, or directories of long names.
std::string file_of_length(std::size_t length) {
  if (length == 8) return "/usr/bin";
  std::string path = directory + "/";
  while (length - path.size() > 200) {
    path += std::string(99, 'd');
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) give_up(path);
    path += "/";
  }
  path += std::string(length - path.size(), 'f');
  make_file(path);
  return path;
}

using Call = void (*)(int at, const char* path);

void open_close(int at, const char* path) {
  const int fd = openat(at, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) give_up(path);
  close(fd);
}
void plain_open_close(int, const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) give_up(path);
  close(fd);
}
void plain_stat(int, const char* path) {
  struct stat out;
  if (stat(path, &out) != 0) give_up(path);
}
void stat_at(int at, const char* path) {
  struct stat out;
  if (fstatat(at, path, &out, 0) != 0) give_up(path);
}
void extended_stat(int at, const char* path) {
  struct statx out;
  if (statx(at, path, 0, STATX_BASIC_STATS, &out) != 0) give_up(path);
}
void accessible(int, const char* path) {
  if (access(path, F_OK) != 0) give_up(path);
}
void list(int, const char* path) {
  DIR* opened = opendir(path);
  if (!opened) give_up(path);
  closedir(opened);
}
void start(int, const char* path) {
  const pid_t child = vfork();
  if (child == 0) {
    execl(path, path, nullptr);
    _exit(127);
  }
  int status;
  if (waitpid(child, &status, 0) != child || status != 0) give_up(path);
}

void add(const std::string& name, Call call, int at, const std::string& path) {
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    for (auto _ : state) call(at, path.c_str());
  });
}

void add_all() {
  for (const std::size_t length : {8u, 40u, 100u, 200u}) {
    const std::string path = file_of_length(length), end = "/absolute/" + std::to_string(length);
    add("open+close" + end, plain_open_close, AT_FDCWD, path);
    add("stat" + end, plain_stat, AT_FDCWD, path);
    add("statx" + end, extended_stat, AT_FDCWD, path);
    add("access" + end, accessible, AT_FDCWD, path);
  }
  const int at = open(directory.c_str(), O_PATH | O_DIRECTORY);
  if (at < 0 || chdir(directory.c_str()) != 0) give_up(directory);
  make_file("relative");
  add("open+close/relative/8", plain_open_close, AT_FDCWD, "relative");
  add("stat/relative/8", plain_stat, AT_FDCWD, "relative");
  add("open+close/dirfd/8", open_close, at, "relative");
  add("fstatat/dirfd/8", stat_at, at, "relative");
  add("opendir/absolute/8", list, AT_FDCWD, "/usr/bin");
  add("execve+exit/absolute/9", start, AT_FDCWD, "/bin/true");

  if (mkdir(shm.c_str(), 01777) != 0 && errno != EEXIST && access(shm.c_str(), F_OK) != 0) give_up(shm);
  const std::string inside = shm + "/devshm-bench";
  make_file(inside);
  add("open+close/shm/22", plain_open_close, AT_FDCWD, inside);
  add("stat/shm/22", plain_stat, AT_FDCWD, inside);
  add("access/shm/22", accessible, AT_FDCWD, inside);
  add("opendir/shm/8", list, AT_FDCWD, shm);
}

}  // namespace

int main(int count, char** arguments) {
  const char* chosen = std::getenv("BENCH_DIRECTORY");
  if (!chosen) {
    std::fprintf(stderr, "calls: BENCH_DIRECTORY must name a directory on disk\n");
    return 2;
  }
  directory = chosen;
  if (const char* other = std::getenv("BENCH_SHM")) shm = other;
  add_all();
  benchmark::Initialize(&count, arguments);
  benchmark::RunSpecifiedBenchmarks();
  unlink((shm + "/devshm-bench").c_str());
  return 0;
}
