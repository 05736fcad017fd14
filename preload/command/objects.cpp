// SPDX-License-Identifier: MIT
#include "objects.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../line_reader.h"
#include "../memory.h"
#include "../store/start_keeper.h"
#include "../text.h"

namespace devshm {
namespace {

constexpr std::size_t step = 64;  // by how many elements an array grows

/// Makes room for one more element. Without memory the process ends.
template <class T>
T& append(T*& array, std::size_t& count) {
  if (count % step == 0) {
    array = static_cast<T*>(realloc(array, (count + step) * sizeof(T)));
    if (!array) _exit(1);
  }
  return array[count++] = T{};
}

const char* kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return "disk";
    case S_IFLNK: return "link";
    case S_IFSOCK: return "socket";
    case S_IFIFO: return "pipe";
    default: return "device";
  }
}

/// The size of a file's pages in the page cache. The kernel reports them only to users that may write the file
/// (mincore(2)).
Bytes in_page_cache(int dir, const char* entry, const struct stat& file) {
  if (!S_ISREG(file.st_mode)) return unknown;
  if (file.st_size == 0) return 0;
  const sys::Descriptor fd(sys::openat(dir, entry, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd.is_open()) return unknown;
  const auto page = static_cast<std::size_t>(getpagesize()), size = static_cast<std::size_t>(file.st_size);
  void* const at = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (at == MAP_FAILED) return unknown;
  Bytes resident = 0;
  unsigned char pages[4096];
  for (std::size_t from = 0; from < size; from += page * sizeof pages) {
    const std::size_t length = size - from < page * sizeof pages ? size - from : page * sizeof pages;
    if (mincore(static_cast<char*>(at) + from, length, pages) != 0) {
      resident = unknown;
      break;
    }
    for (std::size_t i = 0; i * page < length; ++i) resident += pages[i] & 1 ? page : 0;
  }
  munmap(at, size);
  return resident;
}

unsigned read_hex(const char*& text) {
  unsigned number = 0;
  for (;; ++text) {
    const char letter = *text;
    if (letter >= '0' && letter <= '9')
      number = number << 4 | static_cast<unsigned>(letter - '0');
    else if (letter >= 'a' && letter <= 'f')
      number = number << 4 | static_cast<unsigned>(letter - 'a' + 10);
    else
      return number;
  }
}

int by_name(const void* a, const void* b) {
  return strcmp(static_cast<const Object*>(a)->name, static_cast<const Object*>(b)->name);
}

/// Calls `visit` with each process but this one and the keepers, which hold all objects.
template <class Visit>
void for_each_process(Visit visit) {
  DIR* const dir = opendir("/proc");
  if (!dir) return;
  while (const dirent* entry = readdir(dir)) {
    const int process = atoi(entry->d_name);
    if (process <= 0 || process == getpid()) continue;
    Line<64> path;
    path.add("/proc/").add(process).add("/comm");
    char memory[64];
    LineReader comm(path.c_str(), memory, sizeof memory);
    const char* const name = comm.next();
    if (name && !same(name, store::keeper_name)) visit(process);
  }
  closedir(dir);
}

}  // namespace

Objects::Objects(const char* dir) {
  const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    error_ = errno == ENOENT ? 0 : errno;
    return;
  }
  add_directory(fd, "");
  if (count_) qsort(all_, count_, sizeof *all_, by_name);
}

/// Takes ownership of the descriptor. `name` is empty, or ends with a slash.
void Objects::add_directory(int fd, const char* name) {
  DIR* const dir = fdopendir(fd);
  if (!dir) return;
  while (const dirent* entry = readdir(dir)) {
    if (same(entry->d_name, ".") || same(entry->d_name, "..")) continue;
    char* full = nullptr;
    if (asprintf(&full, "%s%s", name, entry->d_name) < 0) _exit(1);
    add(dirfd(dir), entry->d_name, full);
  }
  closedir(dir);
}

void Objects::add(int dir, const char* entry, const char* name) {
  struct stat found;
  if (sys::fstatat(dir, entry, &found, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (S_ISDIR(found.st_mode)) {
    char* below = nullptr;
    const int fd = openat(dir, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && asprintf(&below, "%s/", name) > 0) add_directory(fd, below);
    free(below);
    return;
  }
  const bool is_memory = S_ISLNK(found.st_mode) && is_memory_name(dir, entry);
  struct stat link;
  const int error = is_memory ? status_of_memory(dir, entry, link, found) : 0;
  if (error == -ENOENT) return;                    // a name that its keeper has left behind
  if (error) found.st_size = found.st_blocks = 0;  // its keeper does not answer
  Object& object = append(all_, count_);
  object.name = const_cast<char*>(name);
  object.kind = is_memory ? "memory" : kind_of(found.st_mode);
  object.status = found;
  object.resident = is_memory ? static_cast<Bytes>(found.st_blocks) * 512 : in_page_cache(dir, entry, found);
}

void Objects::note(const struct stat& file, int process) {
  for (std::size_t i = 0; i < count_; ++i) {
    Object& object = all_[i];
    if (object.status.st_ino != file.st_ino || object.status.st_dev != file.st_dev) continue;
    if (object.process_count && object.processes[object.process_count - 1] == process) continue;
    append(object.processes, object.process_count) = process;
  }
}

void Objects::look_at_descriptors(int process) {
  Line<64> path;
  path.add("/proc/").add(process).add("/fd");
  DIR* const dir = opendir(path.c_str());
  if (!dir) return;
  struct stat file;
  while (const dirent* entry = readdir(dir))
    if (entry->d_name[0] != '.' && sys::fstatat(dirfd(dir), entry->d_name, &file, 0) == 0) note(file, process);
  closedir(dir);
}

/// Lines are "7f00-7f10 rw-s 00000000 fd:01 4711  /path" (proc(5)).
void Objects::look_at_mappings(int process) {
  Line<64> path;
  path.add("/proc/").add(process).add("/maps");
  char memory[8192];
  LineReader maps(path.c_str(), memory, sizeof memory);
  while (const char* line = maps.next()) {
    for (int field = 0; *line && field < 3; ++line) field += *line == ' ';
    const unsigned upper = read_hex(line), lower = *line == ':' ? read_hex(++line) : 0;
    Bytes inode;
    if (*line != ' ' || !read_number(line + 1, inode) || !inode) continue;
    struct stat file {};
    file.st_dev = makedev(upper, lower);
    file.st_ino = inode;
    note(file, process);
  }
}

void Objects::find_processes() {
  if (!count_) return;
  for_each_process([this](int process) {
    look_at_descriptors(process);
    look_at_mappings(process);
  });
}

}  // namespace devshm
