// SPDX-License-Identifier: MIT
// The contents of one regular file: a file without a name on the kernel's own tmpfs. Holes, sizes, fallocate and
// SEEK_HOLE are therefore those of a tmpfs. All functions return 0 or more, or -errno.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace devshmd {

constexpr std::uint64_t page_size = 4096;  ///< the unit of a tmpfs on x86_64, and on aarch64 as distributions build it

constexpr std::uint64_t pages_of(std::uint64_t bytes) { return bytes / page_size + (bytes % page_size != 0); }

class MemoryFile {
 public:
  /// `pool`: a directory on a tmpfs of the daemon's own, or -1 for a memfd. On failure returns null and sets `error`.
  static std::shared_ptr<MemoryFile> make(int pool, int& error);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  struct Facts {
    std::uint64_t size = 0;
    std::uint64_t pages = 0;  ///< allocated ones
    timespec read{}, modified{}, changed{};
  };
  Facts facts() const;

  ssize_t read(char* to, std::size_t size, off_t offset) const;
  ssize_t write(const char* from, std::size_t size, off_t offset) const;
  int truncate(off_t size) const;
  int fallocate(int mode, off_t offset, off_t length) const;
  off_t seek(off_t offset, int whence) const;

  /// Returns how many pages of [offset, offset + length) are holes.
  std::uint64_t holes(std::uint64_t offset, std::uint64_t length) const;

  int fd() const { return fd_; }

 private:
  explicit MemoryFile(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace devshmd
