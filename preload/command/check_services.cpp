// SPDX-License-Identifier: MIT
//
// Checks semaphores and shared memory between two processes, and paths.
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

namespace devshm {
namespace {

/// Starts the second process: the same program again, whose constructor acts as the peer. A fork would not do, because
/// libc remembers the semaphores that it has open. Whether it succeeded shows in what arrives.
void run_peer(const char* what) {
  const pid_t child = fork();
  if (child == 0) {
    setenv(peer_variable, what, 1);
    const char* program = getenv("DEVSHM_CHECK");
    char* const argv[] = {const_cast<char*>(program), nullptr};
    if (program) execve(program, argv, environ);
    _exit(127);
  }
  while (child > 0 && waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void object_name(LineWriter& line, int process) { line.add("/devshm-check.").add(static_cast<long>(process)); }

void report_service(CheckReport& report, const char* subject, const char* made, bool arrived, int error) {
  if (!made)
    return report.row(subject,
                      arrived ? "made in one process, used in another" : "made, but did not arrive in another process",
                      arrived);
  Line<256> line;
  report.row(
      subject,
      line.add(made).add(" failed with errno ").add(static_cast<long>(error)).add(", ").add(strerror(error)).c_str(),
      false);
}

constexpr std::size_t shared_size = 4096;

char* map_shared(int fd) {
  void* at = mmap(nullptr, shared_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return at == MAP_FAILED ? nullptr : static_cast<char*>(at);
}

}  // namespace

void check_semaphore(CheckReport& report) {
  Line<64> name;
  object_name(name, getpid());
  sem_t* semaphore = sem_open(name.c_str(), O_CREAT | O_EXCL, 0600, 0u);
  if (semaphore == SEM_FAILED) return report_service(report, "semaphore", "sem_open", false, errno);
  run_peer("semaphore");
  const bool arrived = sem_trywait(semaphore) == 0;
  sem_close(semaphore);
  sem_unlink(name.c_str());
  report_service(report, "semaphore", nullptr, arrived, 0);
}

void check_shared_memory(CheckReport& report) {
  Line<64> name;
  object_name(name, getpid());
  const int fd = shm_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR, 0600);
  if (fd < 0) return report_service(report, "shared memory", "shm_open", false, errno);
  char* memory = ftruncate(fd, shared_size) == 0 ? map_shared(fd) : nullptr;
  if (memory) run_peer("memory");
  const bool arrived = memory && strcmp(memory, "arrived") == 0;
  shm_unlink(name.c_str());
  report_service(report, "shared memory", nullptr, arrived, 0);
}

[[noreturn]] void act_as_peer(const char* what) {
  Line<64> name;
  object_name(name, getppid());
  if (same(what, "semaphore")) {
    sem_t* semaphore = sem_open(name.c_str(), 0);
    if (semaphore != SEM_FAILED) sem_post(semaphore);
  } else {
    const int fd = shm_open(name.c_str(), O_RDWR, 0600);
    char* memory = fd >= 0 ? map_shared(fd) : nullptr;
    if (memory) memcpy(memory, "arrived", sizeof "arrived");
  }
  _exit(0);
}

void check_paths(CheckReport& report) {
  struct statfs fs;
  Line<256> line;
  const int fd = open("/dev/shm/.devshm-check", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  const bool opened = fd >= 0;
  if (opened) {
    close(fd);
    unlink("/dev/shm/.devshm-check");
  }
  const bool asked = statfs("/dev/shm", &fs) == 0;
  const bool tmpfs = asked && fs.f_type == 0x01021994;
  line.add(opened ? "a file in /dev/shm can be made, " : "no file in /dev/shm can be made, ");
  line.add(tmpfs ? "statfs says tmpfs" : "statfs does not say tmpfs");
  report.row("by path", line.c_str(), opened && tmpfs);
}

}  // namespace devshm
