// SPDX-License-Identifier: MIT
//
// Pointers that lead to no path. Some programs find out with access(2) whether an address can be read.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <string>

namespace {

using Call = std::function<long(const char* path)>;

const std::map<std::string, Call>& calls() {
  static char buffer[16];
  static struct stat found;
  static const std::map<std::string, Call> all = {
      {"access", [](const char* path) { return access(path, F_OK); }},
      {"open", [](const char* path) { return open(path, O_RDONLY); }},
      {"openat", [](const char* path) { return openat(AT_FDCWD, path, O_RDONLY); }},
      {"stat", [](const char* path) { return stat(path, &found); }},
      {"lstat", [](const char* path) { return lstat(path, &found); }},
      {"mkdir", [](const char* path) { return mkdir(path, 0700); }},
      {"unlink", [](const char* path) { return unlink(path); }},
      {"chdir", [](const char* path) { return chdir(path); }},
      {"readlink", [](const char* path) { return readlink(path, buffer, sizeof buffer); }},
      {"rename", [](const char* path) { return rename(path, "/tmp/other"); }},
      {"rename to", [](const char* path) { return rename("/tmp", path); }},
  };
  return all;
}

TEST(Pointer, ThatNoProcessCanReadIsEfault) {
  const std::uintptr_t addresses[] = {1, 8, 4095, UINTPTR_MAX, UINTPTR_MAX - 4095, std::uintptr_t{1} << 63};
  for (const auto& [name, call] : calls()) {
    for (const std::uintptr_t address : addresses) {
      errno = 0;
      EXPECT_EQ(call(reinterpret_cast<const char*>(address)), -1) << name << ' ' << address;
      EXPECT_EQ(errno, EFAULT) << name << ' ' << address;
    }
  }
}

/// The kernel reads PATH_MAX bytes of a path at most; what lies behind them may be out of reach.
TEST(Pointer, ToBytesWithoutAnEndIsENAMETOOLONG) {
  const size_t page_size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t readable = 2 * page_size;
  char* map = static_cast<char*>(mmap(nullptr, readable + page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(map, MAP_FAILED);
  ASSERT_EQ(mprotect(map, readable, PROT_READ | PROT_WRITE), 0);
  for (const char* begin : {"/tmp/ordinary", "/tmp/hm", "/dev/shm/x", "shm/x", ""}) {
    char* path = map + readable - PATH_MAX;
    std::memset(map, 'a', readable);
    std::memcpy(path, begin, std::strlen(begin));
    for (const auto& [name, call] : calls()) {
      errno = 0;
      EXPECT_EQ(call(path), -1) << name << ' ' << begin;
      EXPECT_EQ(errno, ENAMETOOLONG) << name << ' ' << begin;
    }
  }
  munmap(map, readable + page_size);
}

}  // namespace
