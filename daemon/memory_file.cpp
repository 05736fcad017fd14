// SPDX-License-Identifier: MIT
#include "memory_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "content_syscalls.h"

namespace devshmd {

std::shared_ptr<MemoryFile> MemoryFile::make(int pool, int& error) {
  const int fd = pool < 0 ? content_syscalls::memfd_create() : content_syscalls::unnamed_file(pool);
  if (fd < 0) {
    // For the program that asks, no descriptors means no room for files.
    error = fd == -EMFILE || fd == -ENFILE ? ENOSPC : -fd;
    return nullptr;
  }
  error = 0;
  return std::shared_ptr<MemoryFile>(new MemoryFile(fd));
}

MemoryFile::~MemoryFile() { content_syscalls::close(fd_); }

MemoryFile::Facts MemoryFile::facts() const {
  struct stat found;
  if (content_syscalls::fstat(fd_, found) < 0) return {};
  return {static_cast<std::uint64_t>(found.st_size), static_cast<std::uint64_t>(found.st_blocks) * 512 / page_size,
          found.st_atim, found.st_mtim, found.st_ctim};
}

ssize_t MemoryFile::read(char* to, std::size_t size, off_t offset) const {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = content_syscalls::pread(fd_, to + done, size - done, offset + static_cast<off_t>(done));
    if (got == -EINTR) continue;
    if (got < 0) return done ? static_cast<ssize_t>(done) : got;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

ssize_t MemoryFile::write(const char* from, std::size_t size, off_t offset) const {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t put = content_syscalls::pwrite(fd_, from + done, size - done, offset + static_cast<off_t>(done));
    if (put == -EINTR) continue;
    if (put < 0) return done ? static_cast<ssize_t>(done) : put;
    if (put == 0) break;
    done += static_cast<std::size_t>(put);
  }
  return static_cast<ssize_t>(done);
}

int MemoryFile::truncate(off_t size) const { return content_syscalls::ftruncate(fd_, size); }

int MemoryFile::fallocate(int mode, off_t offset, off_t length) const {
  int result;
  do result = content_syscalls::fallocate(fd_, mode, offset, length);
  while (result == -EINTR);
  return result;
}

off_t MemoryFile::seek(off_t offset, int whence) const { return content_syscalls::lseek(fd_, offset, whence); }

std::uint64_t MemoryFile::holes(std::uint64_t offset, std::uint64_t length) const {
  if (length == 0) return 0;
  const std::uint64_t end = pages_of(offset + length) * page_size;
  std::uint64_t at = offset / page_size * page_size, found = 0;
  while (at < end) {
    const off_t data = content_syscalls::lseek(fd_, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0) return found + (end - at) / page_size;  // from here on there is only a hole
    const std::uint64_t hole_end = std::min(end, static_cast<std::uint64_t>(data) / page_size * page_size);
    found += (hole_end - at) / page_size;
    if (hole_end >= end) break;
    const off_t next = content_syscalls::lseek(fd_, data, SEEK_HOLE);
    if (next < 0) break;
    at = pages_of(static_cast<std::uint64_t>(next)) * page_size;
  }
  return found;
}

}  // namespace devshmd
