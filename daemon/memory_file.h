// SPDX-License-Identifier: MIT
// Holds the contents of one regular file. As long as only its first page was written, they are in the daemon's own
// memory, without a descriptor. Otherwise they are a file without a name on the kernel's tmpfs, so that holes,
// fallocate and SEEK_HOLE are those of a tmpfs, and the kernel can use the file directly (passthrough). Functions
// return 0 or more, or -errno, and may be called on several threads at once.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace devshmd {

/// The unit of a tmpfs on x86_64, and on aarch64 as distributions build it.
constexpr std::uint64_t page_size = 4096;

constexpr std::uint64_t pages_of(std::uint64_t bytes) { return bytes / page_size + (bytes % page_size != 0); }

class MemoryFile {
 public:
  /// `pool`: a directory on a tmpfs of the daemon's own, in which a file is opened when one is needed; -1: a memfd is
  /// used.
  explicit MemoryFile(int pool) : pool_(pool) {}
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  struct Facts {
    std::uint64_t size = 0;
    std::uint64_t pages = 0;                 ///< allocated ones
    timespec read{}, modified{}, changed{};  ///< zero without a descriptor
    bool in_memory = false;                  ///< the pages are the daemon's own
  };
  Facts facts() const;

  ssize_t read(char* to, std::size_t size, off_t offset) const;
  ssize_t write(const char* from, std::size_t size, off_t offset);
  int truncate(off_t size);
  int fallocate(int mode, off_t offset, off_t length);
  off_t seek(off_t offset, int whence) const;

  /// Returns how many pages of [offset, offset + length) are holes.
  std::uint64_t holes(std::uint64_t offset, std::uint64_t length) const;

  /// Would writing this allocate a page of the daemon's own memory?
  bool needs_own_page(std::uint64_t offset, std::uint64_t length) const;

  /// Moves the contents to a file that has a descriptor. Returns 0 or an errno value: ENOSPC if there is no descriptor,
  /// since for a program that means no room for files.
  int give_descriptor();
  /// Moves small contents back to memory, and closes the descriptor. Only while nobody uses the file.
  void take_descriptor_back();
  int fd() const { return fd_; }
  /// For FUSE passthrough: the kernel's own number for the file that has the descriptor, or -errno. It is made when it
  /// is first asked for, and stays as long as the descriptor. `fuse_fd`: the session's descriptor.
  int backing_id(int fuse_fd);
  /// How many descriptors all contents have, and how many they may have.
  static unsigned descriptors() { return descriptors_; }
  static void limit_descriptors(unsigned most) { most_descriptors_ = most; }

 private:
  int give_descriptor_locked();
  void close_descriptor();
  /// The lock of contents that are in memory; not owned if there is a descriptor.
  std::unique_lock<std::mutex> lock_memory() const;

  const int pool_;
  std::atomic<int> fd_{-1};  ///< stays, once it is there, until nobody uses the file
  int backing_id_ = 0, fuse_fd_ = -1;

  // Without a descriptor:
  mutable std::mutex mutex_;
  std::string bytes_;  ///< the first page's; what is missing up to `size_` is zero
  std::uint64_t size_ = 0;
  bool allocated_ = false;  ///< was anything written to the first page?

  inline static std::atomic<unsigned> descriptors_{0}, most_descriptors_{~0u};
};

}  // namespace devshmd
