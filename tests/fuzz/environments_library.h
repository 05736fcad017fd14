// SPDX-License-Identifier: MIT
//
// For environments.cpp: the library's sources about settings and environments, in a world of our own: memory that is
// watched, a file for /proc/self/environ, a library that is there, and a /dev/shm of 64 MiB.
#pragma once

#include <limits.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#include <cmath>
#include <set>

#include "../../preload/loaded_objects.h"
#include "../../preload/path_rule.cpp"
#include "../../preload/report.h"
#include "../../preload/sys.h"
#include "../../preload/text.cpp"
#include "fuzz.h"

namespace {

std::string library, started_with;
std::set<devshm::Topic> said;

bool is_tmpfs_there() {
  struct statfs found;
  if (statfs("/dev/shm", &found) != 0 || access("/dev/shm", W_OK | X_OK) != 0) return false;
  return found.f_type == TMPFS_MAGIC || found.f_type == static_cast<decltype(found.f_type)>(RAMFS_MAGIC);
}

}  // namespace

// In the place of the system's: memory that is watched, a file of ours for /proc/self/environ, a library that is there.
namespace devshm::sys {

void* watched_memory(std::size_t size) { return std::calloc(1, size); }
int give_back(void* at, std::size_t) {
  std::free(at);
  return 0;
}
int open_environ(int, const char* path, int) {
  EXPECT(std::string(path) == "/proc/self/environ");
  const int file = memfd_create("environ", MFD_CLOEXEC);
  if (file < 0 || ::pwrite(file, started_with.data(), started_with.size(), 0) < 0) std::abort();
  return file;
}
int is_accessible(const char* path, int mode) { return path == library ? 0 : ::access(path, mode); }

}  // namespace devshm::sys

#define allocate watched_memory
#define munmap give_back
#define openat open_environ
#define access is_accessible
#include "../../preload/amount.cpp"
#include "../../preload/child_environment.cpp"
#include "../../preload/setting_parsers.cpp"
#include "../../preload/settings.cpp"
#include "../../preload/start_variables.cpp"
#undef allocate
#undef munmap
#undef openat
#undef access

namespace devshm {

// A /dev/shm of 64 MiB; percentages are of 1,000 MiB.
bool real_dev_shm_will_do() { return is_tmpfs_there(); }
RealDevShm look_at_real_dev_shm() { return {true, true, 64 << 20}; }
bool is_large_enough(const RealDevShm& real, const Amount& least) {
  return real.size >= (least.percent ? (10ull << 20) * least.percent : least.bytes);
}

bool for_each_from_start(Visitor visitor) { return visitor({0, nullptr, library.c_str(), nullptr, 0}); }
bool is_ourselves(const LoadedObject&) { return true; }
const char* own_path() { return library.c_str(); }
bool could_load_us(const Program&) { return true; }
int look_for_hm(const char* path) { return path && std::strstr(path, "hm"); }
void say_once(Topic topic, std::initializer_list<Piece>, std::initializer_list<Piece>) { said.insert(topic); }

}  // namespace devshm
