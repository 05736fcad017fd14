// SPDX-License-Identifier: MIT
#include "memory_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "content_syscalls.h"

namespace devshmd {
namespace {

ssize_t read_all(int fd, char* to, std::size_t size, off_t offset) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = content_syscalls::pread(fd, to + done, size - done, offset + static_cast<off_t>(done));
    if (got == -EINTR) continue;
    if (got < 0) return done ? static_cast<ssize_t>(done) : got;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

ssize_t write_all(int fd, const char* from, std::size_t size, off_t offset) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t put = content_syscalls::pwrite(fd, from + done, size - done, offset + static_cast<off_t>(done));
    if (put == -EINTR) continue;
    if (put < 0) return done ? static_cast<ssize_t>(done) : put;
    if (put == 0) break;
    done += static_cast<std::size_t>(put);
  }
  return static_cast<ssize_t>(done);
}

}  // namespace

MemoryFile::~MemoryFile() {
  if (fd_ >= 0) close_descriptor();
}

void MemoryFile::close_descriptor() {
  // After the end of the session its ids are gone, and its descriptor is closed: then this fails, and does no harm.
  if (backing_id_) content_syscalls::close_backing(fuse_fd_, backing_id_);
  backing_id_ = 0;
  content_syscalls::close(fd_);
  fd_ = -1;
  --descriptors_;
}

std::unique_lock<std::mutex> MemoryFile::lock_memory() const {
  std::unique_lock lock(mutex_);
  if (fd_ >= 0) lock.unlock();
  return lock;
}

int MemoryFile::give_descriptor() {
  const std::lock_guard lock(mutex_);
  return give_descriptor_locked();
}

int MemoryFile::give_descriptor_locked() {
  if (fd_ >= 0) return 0;
  if (descriptors_ >= most_descriptors_) return ENOSPC;
  const int fd = pool_ < 0 ? content_syscalls::memfd_create() : content_syscalls::unnamed_file(pool_);
  if (fd < 0) return fd == -EMFILE || fd == -ENFILE ? ENOSPC : -fd;
  ssize_t result = allocated_ ? write_all(fd, bytes_.data(), bytes_.size(), 0) : 0;
  // A page that was written and then cut to nothing is allocated nevertheless.
  if (result >= 0 && static_cast<std::size_t>(result) < bytes_.size()) result = -ENOSPC;
  if (result >= 0 && size_ != bytes_.size()) result = content_syscalls::ftruncate(fd, static_cast<off_t>(size_));
  if (result < 0) {
    content_syscalls::close(fd);
    return static_cast<int>(-result);
  }
  fd_ = fd;
  ++descriptors_;
  bytes_ = {};
  return 0;
}

void MemoryFile::take_descriptor_back() {
  const std::lock_guard lock(mutex_);
  if (fd_ < 0) return;
  struct stat found;
  if (content_syscalls::fstat(fd_, found) < 0) return;
  const std::uint64_t allocated = static_cast<std::uint64_t>(found.st_blocks) * 512 / page_size;
  const auto size = static_cast<std::uint64_t>(found.st_size);
  if (allocated > 1) return;
  std::string bytes;
  if (allocated) {
    // The page has to be the first one, with data: one that fallocate reserved looks like a hole.
    if (content_syscalls::lseek(fd_, 0, SEEK_DATA) != 0) return;
    bytes.resize(std::min(size, page_size));
    if (read_all(fd_, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return;
  }
  bytes_ = std::move(bytes);
  size_ = size;
  allocated_ = allocated != 0;
  close_descriptor();
}

int MemoryFile::backing_id(int fuse_fd) {
  const std::lock_guard lock(mutex_);
  if (backing_id_) return backing_id_;
  if (fd_ < 0) return -EBADF;
  const int id = content_syscalls::open_backing(fuse_fd, fd_);
  if (id <= 0) return id;
  fuse_fd_ = fuse_fd;
  return backing_id_ = id;
}

MemoryFile::Facts MemoryFile::facts() const {
  if (const auto lock = lock_memory()) return {size_, allocated_ ? 1u : 0u, {}, {}, {}, true};
  struct stat found;
  if (content_syscalls::fstat(fd_, found) < 0) return {};
  return {static_cast<std::uint64_t>(found.st_size),
          static_cast<std::uint64_t>(found.st_blocks) * 512 / page_size,
          found.st_atim,
          found.st_mtim,
          found.st_ctim,
          false};
}

ssize_t MemoryFile::read(char* to, std::size_t size, off_t offset) const {
  if (const auto lock = lock_memory()) {
    const auto from = static_cast<std::uint64_t>(offset);
    if (from >= size_) return 0;
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - from));
    const std::size_t there =
        from < bytes_.size() ? std::min<std::size_t>(size, bytes_.size() - static_cast<std::size_t>(from)) : 0;
    if (there) std::memcpy(to, bytes_.data() + from, there);
    std::memset(to + there, 0, size - there);
    return static_cast<ssize_t>(size);
  }
  return read_all(fd_, to, size, offset);
}

ssize_t MemoryFile::write(const char* from, std::size_t size, off_t offset) {
  if (const auto lock = lock_memory()) {
    const std::uint64_t end = static_cast<std::uint64_t>(offset) + size;
    if (end <= page_size) {
      if (size == 0) return 0;
      try {
        if (bytes_.size() < end) bytes_.resize(static_cast<std::size_t>(end));
      } catch (const std::bad_alloc&) {
        return -ENOMEM;
      }
      std::memcpy(bytes_.data() + offset, from, size);
      size_ = std::max(size_, end);
      allocated_ = true;
      return static_cast<ssize_t>(size);
    }
    if (const int error = give_descriptor_locked()) return -error;
  }
  return write_all(fd_, from, size, offset);
}

int MemoryFile::truncate(off_t size) {
  if (const auto lock = lock_memory()) {
    size_ = static_cast<std::uint64_t>(size);
    if (size_ == 0) allocated_ = false;
    if (bytes_.size() > size_) {
      bytes_.resize(static_cast<std::size_t>(size_));
      bytes_.shrink_to_fit();
    }
    return 0;
  }
  return content_syscalls::ftruncate(fd_, size);
}

int MemoryFile::fallocate(int mode, off_t offset, off_t length) {
  if (const int error = give_descriptor()) return -error;
  int result;
  do result = content_syscalls::fallocate(fd_, mode, offset, length);
  while (result == -EINTR);
  return result;
}

off_t MemoryFile::seek(off_t offset, int whence) const {
  if (const auto lock = lock_memory()) {
    const auto from = static_cast<std::uint64_t>(offset);
    if (offset < 0 || from >= size_) return -ENXIO;
    const bool in_data = allocated_ && from < page_size;
    if (whence == SEEK_DATA) return in_data ? offset : -ENXIO;
    return in_data ? static_cast<off_t>(std::min(size_, page_size)) : offset;
  }
  return content_syscalls::lseek(fd_, offset, whence);
}

bool MemoryFile::needs_own_page(std::uint64_t offset, std::uint64_t length) const {
  const std::lock_guard lock(mutex_);
  return fd_ < 0 && !allocated_ && length != 0 && offset + length <= page_size;
}

std::uint64_t MemoryFile::holes(std::uint64_t offset, std::uint64_t length) const {
  if (length == 0) return 0;
  const std::uint64_t end = pages_of(offset + length) * page_size;
  std::uint64_t at = offset / page_size * page_size, found = 0;
  while (at < end) {
    const off_t data = seek(static_cast<off_t>(at), SEEK_DATA);
    if (data < 0) return found + (end - at) / page_size;  // from here on there is only a hole
    const std::uint64_t hole_end = std::min(end, static_cast<std::uint64_t>(data) / page_size * page_size);
    found += (hole_end - at) / page_size;
    if (hole_end >= end) break;
    const off_t next = seek(data, SEEK_HOLE);
    if (next < 0) break;
    at = pages_of(static_cast<std::uint64_t>(next)) * page_size;
  }
  return found;
}

}  // namespace devshmd
