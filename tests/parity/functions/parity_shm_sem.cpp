// SPDX-License-Identifier: MIT
//
// Shared memory and semaphores by name: posix-shm-sem.
#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>

#include "parity.h"
#include "raw.h"

using parity::fd;
using parity::number;

namespace {

std::vector<parity::Place> object_names() {
  std::vector<parity::Place> names;
  for (const char* name :
       {"/new",      "new",  "//new",    "///new", "",          "/",          "//",  ".",       "..",
        "/.",        "/..",  "/a/b",     "a/b",    "/new/",     "f",          "/f",  "/dir",    "/link",
        "/dangling", "/out", "/missing", "/../f",  "dev/shm/f", "/dev/shm/f", "sem", "/sem.new"})
    names.push_back({'"' + std::string(name) + '"', name});
  names.push_back({"NULL", "", "/", "", parity::Place::null});
  for (const std::size_t length : {250, 251, 252, 255, 256, 4095, 4096, 1 << 20})
    names.push_back({"a name of " + std::to_string(length) + " bytes", "/" + std::string(length, 'n')});
  return names;
}

/// A semaphore: its value, and that it works.
std::string semaphore(sem_t* result) {
  std::string shown = parity::pointer(result);
  if (result == SEM_FAILED) return shown;
  int value = -1;
  sem_getvalue(result, &value);
  shown +=
      " value " + std::to_string(value) + (sem_post(result) == 0 && sem_trywait(result) == 0 ? ", works" : ", broken");
  sem_close(result);
  return shown;
}

// (SEM_FAILED is null in glibc and musl: pointer() knows it.)
void semaphores() {
  EACH_PATH_OF(object_names(), semaphore, sem_open, path, 0);
  EACH_PATH_OF(object_names(), semaphore, sem_open, path, O_CREAT, 0640, 3u);
  EACH_PATH_OF(object_names(), semaphore, sem_open, path, O_CREAT | O_EXCL, 0600, 0u);
  EACH_PATH_OF(object_names(), number, sem_unlink, path);
  ONCE(semaphore, sem_open, "/new", O_CREAT, 0600, static_cast<unsigned>(SEM_VALUE_MAX));
  ONCE(semaphore, sem_open, "/new", O_CREAT, 0600, static_cast<unsigned>(SEM_VALUE_MAX) + 1);
  for (const mode_t mask : {0, 022, 0777})
    for (const mode_t mode : {0, 0600, 0666, 0777, 07777}) {
      char arguments[64];
      snprintf(arguments, sizeof arguments, "\"/new\", O_CREAT, %#o, 1) with umask(%#o", mode, mask);
      parity::once("sem_open", arguments, [&] {
        parity::raw(SYS_umask, static_cast<long>(mask));
        return semaphore(sem_open("/new", O_CREAT, mode, 1));
      });
    }
}

/// One name opened twice gives one address, until it is closed as often and opened anew.
std::string opened_twice() {
  sem_t* first = sem_open("/twice", O_CREAT | O_EXCL, 0600, 5);
  if (first == SEM_FAILED) return parity::pointer(first);
  sem_t* second = sem_open("/twice", 0);
  sem_t* third = sem_open("twice", O_CREAT, 0600, 9);
  sem_t* exclusive = sem_open("/twice", O_CREAT | O_EXCL, 0600, 5);
  std::string shown = second == first && third == first ? "one address" : "several addresses";
  shown += ", exclusively " + parity::pointer(exclusive);
  shown += ", closed " + number(sem_close(first)) + " " + number(sem_close(second));
  shown += ", still " + number(sem_post(third)) + ", closed " + number(sem_close(third));
  errno = parity::errno_before;
  return shown + ", unlinked " + number(sem_unlink("/twice"));
}

/// After unlink the name is free for another semaphore, while the first one stays alive.
std::string opened_after_unlink() {
  sem_t* first = sem_open("/twice", O_CREAT | O_EXCL, 0600, 5);
  if (first == SEM_FAILED) return parity::pointer(first);
  std::string shown = "unlinked " + number(sem_unlink("/twice"));
  sem_t* second = sem_open("/twice", O_CREAT | O_EXCL, 0600, 1);
  int value = -1;
  sem_getvalue(first, &value);
  shown += second == first ? ", the same" : ", another";
  return shown + ", the first has " + std::to_string(value) + ", the second: " + semaphore(second) + ", closed " +
         number(sem_close(first));
}

/// A segment is made, written, seen again under its name and by path, and removed.
std::string shared() {
  const int made = shm_open("/segment", O_CREAT | O_EXCL | O_RDWR, 0600);
  if (made < 0) return number(made);
  std::string shown = "sized " + number(ftruncate(made, 8192));
  auto* here = static_cast<char*>(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, made, 0));
  const int again = shm_open("segment", O_RDWR, 0);
  auto* there = static_cast<char*>(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0));
  const int by_path = open("/dev/shm/segment", O_RDONLY);
  if (here == MAP_FAILED || there == MAP_FAILED) return shown + ", not mapped";
  here[8191] = 'x';
  char seen = 0;
  const bool read_it = by_path >= 0 && pread(by_path, &seen, 1, 8191) == 1;
  shown += there[8191] == 'x' ? ", shared" : ", not shared";
  shown += read_it && seen == 'x' ? ", seen by path" : ", not seen by path";
  munmap(here, 8192);
  munmap(there, 8192);
  errno = parity::errno_before;
  shown += ", " + fd(again) + ", unlinked " + number(shm_unlink("/segment")) + ", " + fd(made);
  parity::raw(SYS_close, by_path);
  return shown;
}

}  // namespace

FAMILY(shm_sem) {
  semaphores();
  parity::once("sem_open", "twice", opened_twice);
  parity::once("sem_unlink", "between two opens", opened_after_unlink);

  EACH_PATH_OF(object_names(), fd, shm_open, path, O_RDONLY, 0);
  EACH_PATH_OF(object_names(), fd, shm_open, path, O_CREAT | O_RDWR, 0640);
  EACH_PATH_OF(object_names(), fd, shm_open, path, O_CREAT | O_EXCL | O_RDWR, 07777);
  EACH_PATH_OF(object_names(), fd, shm_open, path, O_RDWR | O_TRUNC, 0);
  EACH_PATH_OF(object_names(), number, shm_unlink, path);
  parity::once("shm_open", "a segment, shared", shared);
}
