// SPDX-License-Identifier: MIT
#include "mount_rows.h"

#include <dirent.h>
#include <fcntl.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace bench {
namespace {

constexpr const char* file_name = "/dev/shm/bench-file";
constexpr const char* absent_name = "/dev/shm/bench-absent";
constexpr const char* object_name = "/bench-object";
constexpr std::size_t page = 4096;
constexpr std::size_t mapped_size = 256 * page;

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

char* map(int fd, std::size_t size) {
  void* mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) give_up("mmap");
  return static_cast<char*>(mapped);
}

void touch_pages(volatile char* mapped) {
  for (std::size_t at = 0; at < mapped_size; at += page) mapped[at] = static_cast<char>(mapped[at] + 1);
}

bool open_and_close() {
  const int fd = open(file_name, O_RDWR);
  return fd >= 0 && close(fd) == 0;
}

struct CreateAndUnlink : Row {
  void step() override {
    const int fd = open(file_name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd < 0) give_up(file_name);
    close(fd);
    unlink(file_name);
  }
};

struct OpenAndClose : Row {
  OpenAndClose() { close(open(file_name, O_CREAT | O_RDWR, 0600)); }
  ~OpenAndClose() override { unlink(file_name); }
  void step() override {
    if (!open_and_close()) give_up(file_name);
  }
};

struct StatOfAbsentName : Row {
  void step() override {
    struct stat found;
    if (stat(absent_name, &found) == 0 || errno != ENOENT) give_up(absent_name);
  }
};

template <std::size_t Size>
struct Write : Row {
  ~Write() override { close(fd); }
  void step() override {
    if (pwrite(fd, bytes.data(), Size, 0) != static_cast<ssize_t>(Size)) give_up("pwrite");
  }
  std::vector<char> bytes = std::vector<char>(Size, 'x');
  int fd = new_file(Size);
};

template <std::size_t Size>
struct Read : Write<Size> {
  Read() { Write<Size>::step(); }
  void step() override {
    if (pread(this->fd, this->bytes.data(), Size, 0) != static_cast<ssize_t>(Size)) give_up("pread");
  }
};

struct ReadDirectory : Row {
  static constexpr int names = 1000;
  static constexpr const char* directory = "/dev/shm/bench-names";
  static std::string name(int number) { return std::string(directory) + "/name-" + std::to_string(number); }

  ReadDirectory() {
    if (mkdir(directory, 0700) != 0) give_up(directory);
    for (int i = 0; i < names; ++i) close(open(name(i).c_str(), O_CREAT | O_WRONLY, 0600));
  }
  ~ReadDirectory() override {
    for (int i = 0; i < names; ++i) unlink(name(i).c_str());
    rmdir(directory);
  }
  void step() override {
    DIR* opened = opendir(directory);
    if (!opened) give_up(directory);
    int seen = 0;
    while (readdir(opened)) ++seen;
    closedir(opened);
    if (seen < names) give_up("readdir");
  }
};

struct SemaphoreLife : Row {
  void step() override {
    sem_t* semaphore = sem_open(object_name, O_CREAT, 0600, 1);
    if (semaphore == SEM_FAILED) give_up("sem_open");
    sem_close(semaphore);
    sem_unlink(object_name);
  }
};

struct SharedMemoryLife : Row {
  void step() override {
    const int fd = shm_open(object_name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd < 0 || ftruncate(fd, page) != 0) give_up("shm_open");
    char* mapped = map(fd, page);
    close(fd);
    mapped[0] = 1;
    munmap(mapped, page);
    shm_unlink(object_name);
  }
};

/// Pages that nobody has had: they are made.
struct FreshPages : Row {
  void step() override {
    const int fd = new_file(mapped_size);
    char* mapped = map(fd, mapped_size);
    touch_pages(mapped);
    munmap(mapped, mapped_size);
    close(fd);
  }
};

/// Pages that are there, in a mapping that does not have them yet.
struct WarmPages : Row {
  WarmPages() { touch_pages(first); }
  ~WarmPages() override {
    munmap(first, mapped_size);
    close(fd);
  }
  void step() override {
    char* mapped = map(fd, mapped_size);
    touch_pages(mapped);
    munmap(mapped, mapped_size);
  }
  int fd = new_file(mapped_size);
  char* first = map(fd, mapped_size);
};

struct WaitAndPost : Row {
  WaitAndPost() {
    if (semaphore == SEM_FAILED) give_up("sem_open");
    sem_unlink(object_name);
  }
  ~WaitAndPost() override { sem_close(semaphore); }
  void step() override {
    sem_wait(semaphore);
    sem_post(semaphore);
  }
  sem_t* semaphore = sem_open(object_name, O_CREAT, 0600, 1);
};

/// The opens of 1,000 processes that are all there before the first one opens, and until the last one has: that they
/// begin and end does not count. The kernel releases files later than programs close them, so a pass-through may need a
/// descriptor for each of these opens.
template <int Opens>
struct OpensByProcesses : OpenAndClose {
  static constexpr int processes = 1000;

  void step() override {
    int begin[2], ready[2], end[2];
    if (pipe(begin) != 0 || pipe(ready) != 0 || pipe(end) != 0) give_up("pipe");
    for (int i = 0; i < processes; ++i) {
      const pid_t child = fork();
      if (child < 0) give_up("fork");
      if (child == 0) {
        close(begin[1]);
        close(end[1]);
        char byte = 0;
        bool good = write(ready[1], &byte, 1) == 1 && read(begin[0], &byte, 1) == 0;
        for (int opened = 0; opened < Opens; ++opened) good = open_and_close() && good;
        _exit(write(ready[1], &byte, 1) == 1 && read(end[0], &byte, 1) == 0 && good ? 0 : 1);
      }
    }
    wait_for_all(ready[0]);
    const auto began = std::chrono::steady_clock::now();
    close(begin[1]);
    wait_for_all(ready[0]);
    took = std::chrono::steady_clock::now() - began;
    close(end[1]);
    for (const int fd : {begin[0], ready[0], ready[1], end[0]}) close(fd);
    int failed = 0;
    for (int status; wait(&status) > 0;) failed += status != 0;
    if (failed) {
      std::fprintf(stderr, "%d of %d processes could not open the file (`ulimit -n` of the daemon?)\n", failed,
                   processes);
      std::exit(1);
    }
  }
  std::chrono::nanoseconds counted() const override { return took; }
  int operations() const override { return processes * Opens; }

  static void wait_for_all(int ready) {
    char bytes[processes];
    for (int left = processes; left > 0;) {
      const ssize_t got = read(ready, bytes, static_cast<std::size_t>(left));
      if (got <= 0) give_up("a process of many");
      left -= static_cast<int>(got);
    }
  }
  std::chrono::nanoseconds took{};
};

template <class Kind>
std::unique_ptr<Row> make() {
  return std::make_unique<Kind>();
}

const struct {
  const char* name;
  std::unique_ptr<Row> (*make)();
} rows[] = {
    {"create+unlink", make<CreateAndUnlink>},
    {"open+close", make<OpenAndClose>},
    {"stat of an absent name", make<StatOfAbsentName>},
    {"write of 4 KiB", make<Write<page>>},
    {"read of 4 KiB", make<Read<page>>},
    {"write of 1 MiB", make<Write<mapped_size>>},
    {"read of 1 MiB", make<Read<mapped_size>>},
    {"readdir of 1,000 names", make<ReadDirectory>},
    {"life of a semaphore", make<SemaphoreLife>},
    {"life of shared memory", make<SharedMemoryLife>},
    {"256 fresh pages", make<FreshPages>},
    {"256 warm pages", make<WarmPages>},
    {"sem_wait+sem_post", make<WaitAndPost>},
    {"open by 1,000 processes", make<OpensByProcesses<15>>},
    {"10^6 opens by 1,000 processes", make<OpensByProcesses<1000>>},
};

}  // namespace

std::unique_ptr<Row> make_row(const char* name) {
  for (const auto& row : rows)
    if (std::strcmp(row.name, name) == 0) return row.make();
  return nullptr;
}

const char* row_name(std::size_t index) { return index < std::size(rows) ? rows[index].name : nullptr; }

}  // namespace bench
