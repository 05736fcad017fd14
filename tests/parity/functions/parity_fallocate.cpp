// SPDX-License-Identifier: MIT
//
// Space in files of /dev/shm, where nothing forbids it. What is done where a filter does, and that nothing is lost
// then, is for tests/overlay/fallocate_test.cpp.
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <string.h>
#include <unistd.h>

#include "parity.h"
#include "raw.h"

using parity::number;

namespace {

struct File {
  const char* path;
  int flags;
};

/// How large the file is then, whether the range has memory of its own, and what is in it.
std::string shown_after(int fd, const std::string& result) {
  struct stat found {};
  if (parity::raw(SYS_fstat, fd, &found) != 0 || !S_ISREG(found.st_mode)) return result;
  char bytes[12] = "";
  const long got = parity::raw(SYS_pread64, fd, bytes, static_cast<long>(sizeof bytes), 0L);
  for (char& byte : bytes)
    if (!byte) byte = '.';
  const long pages = (found.st_blocks * 512 + 4095) / 4096;
  return result + ", " + std::to_string(found.st_size) + " bytes, " +
         (pages > 16 ? "many"
          : pages    ? "some"
                     : "no") +
         " pages" + (got > 0 ? " \"" + std::string(bytes, static_cast<std::size_t>(got)) + '"' : "");
}

template <class Call>
void each_range(const char* function, const std::vector<int>& modes, Call call) {
  constexpr off_t page = 4096;
  const std::pair<off_t, off_t> ranges[] = {
      {0, 1},     {0, page}, {0, 64 * page}, {3, 4},         {2, 100},         {page, page},  {0, 0},
      {-1, page}, {0, -1},   {5, 1},         {32 * page, 1}, {page, LONG_MAX}, {LONG_MAX, 1}, {LONG_MAX - page, page}};
  for (const File& file : {File{"/dev/shm/f", O_RDWR}, File{"/dev/shm/f", O_RDONLY}, File{"/dev/shm/f", O_PATH},
                           File{"/dev/shm/dir/g", O_WRONLY | O_APPEND}, File{"/dev/shm/dir", O_RDONLY},
                           File{"/dev/shm/fifo", O_RDWR}, File{"/dev/shm/link", O_RDWR}, File{"-1", -1}})
    for (const int mode : modes)
      for (const auto& [from, length] : ranges)
        parity::once(function,
                     std::string(file.path) + " by " + std::to_string(file.flags) + ", mode " + std::to_string(mode) +
                         ", " + std::to_string(from) + ", " + std::to_string(length),
                     [&, from = from, length = length] {
                       const int fd = file.flags == -1 ? -1 : open(file.path, file.flags);
                       errno = parity::errno_before;
                       const std::string shown = shown_after(fd, call(fd, mode, from, length));
                       if (fd >= 0) parity::raw(SYS_close, fd);
                       return shown;
                     });
}

/// A result that is the error.
std::string error(int result) {
  return result ? std::string(strerror(result)) : errno == parity::errno_before ? "0" : "0 (errno touched)";
}

}  // namespace

FAMILY(fallocate) {
  const std::vector<int> modes = {0,
                                  FALLOC_FL_KEEP_SIZE,
                                  FALLOC_FL_PUNCH_HOLE,
                                  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                  FALLOC_FL_ZERO_RANGE,
                                  FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
                                  FALLOC_FL_COLLAPSE_RANGE,
                                  FALLOC_FL_INSERT_RANGE,
                                  FALLOC_FL_UNSHARE_RANGE,
                                  0x4000};
  each_range("fallocate", modes,
             [](int fd, int mode, off_t from, off_t length) { return number(fallocate(fd, mode, from, length)); });
  each_range("fallocate64", {0, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE},
             [](int fd, int mode, off_t from, off_t length) { return number(fallocate64(fd, mode, from, length)); });
  each_range("posix_fallocate", {0},
             [](int fd, int, off_t from, off_t length) { return error(posix_fallocate(fd, from, length)); });
  // How long a file may be differs from one file system to the next.
  constexpr off_t most = 1 << 20;
  each_range("ftruncate", {0}, [](int fd, int, off_t, off_t length) { return number(ftruncate(fd, length % most)); });
  each_range("ftruncate64", {0}, [](int fd, int, off_t from, off_t) { return number(ftruncate64(fd, from % most)); });
  each_range("posix_fallocate64", {0},
             [](int fd, int, off_t from, off_t length) { return error(posix_fallocate64(fd, from, length)); });
}
