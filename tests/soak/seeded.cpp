// SPDX-License-Identifier: MIT
//
// Bugs, to be found by the soak. Preloaded before libdevshm.so; SEEDED says which. Each shows in the end:
//
//   descriptor, memory, mapping   shm_open keeps one more            file   shm_unlink removes nothing
//   segment                       shm_unlink removes nothing of PostgreSQL's
//   lost, doubled, changed        a message on its way through a pipe
//   row-lost, row-doubled         a row on its way to PostgreSQL
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

namespace {

bool wanted(const char* seed) {
  const char* set = getenv("SEEDED");
  return set && !strcmp(set, seed);
}

bool once_in(unsigned times, std::atomic<unsigned>& count) { return ++count % times == 0; }

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

constexpr size_t kept = 128 << 10;
std::atomic<unsigned> objects, messages, rows;

}  // namespace

extern "C" int shm_open(const char* name, int flags, mode_t mode) {
  const int fd = next<decltype(&shm_open)>("shm_open")(name, flags, mode);
  if (fd < 0) return fd;
  if (wanted("descriptor") && dup(fd) < 0) abort();
  if (wanted("memory")) {
    void* memory = malloc(kept);
    if (!memory) abort();
    memset(memory, 1, kept);
  }
  if (wanted("mapping") && mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED) abort();
  return fd;
}

extern "C" int shm_unlink(const char* name) {
  if (wanted("file") && once_in(5, objects)) return 0;
  if (wanted("segment") && !strncmp(name, "/PostgreSQL.", 12)) return 0;
  return next<decltype(&shm_unlink)>("shm_unlink")(name);
}

extern "C" ssize_t write(int fd, const void* data, size_t size) {
  const auto real = next<decltype(&write)>("write");
  const char* found = static_cast<const char*>(memmem(data, size, "soak message", 12));
  if (!found || !once_in(50, messages)) return real(fd, data, size);
  if (wanted("lost")) return static_cast<ssize_t>(size);
  if (wanted("doubled") && real(fd, data, size) != static_cast<ssize_t>(size)) abort();
  if (wanted("changed")) {
    char* other = static_cast<char*>(malloc(size));
    memcpy(other, data, size);
    other[found - static_cast<const char*>(data)] = 'S';
    const ssize_t written = real(fd, other, size);
    free(other);
    return written;
  }
  return real(fd, data, size);
}

extern "C" ssize_t send(int fd, const void* data, size_t size, int flags) {
  const auto real = next<decltype(&send)>("send");
  constexpr char once[] = "generate_series(1, 1)";
  char* found = static_cast<char*>(memmem(data, size, once, sizeof once - 1));
  if (found && once_in(1, rows)) {  // psql lives for ten rows; its buffer is its own
    if (wanted("row-lost")) found[sizeof once - 3] = '0';
    if (wanted("row-doubled")) found[sizeof once - 3] = '2';
  }
  return real(fd, data, size, flags);
}
