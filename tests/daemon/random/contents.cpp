// SPDX-License-Identifier: MIT
// Operations on contents through a descriptor.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "worker.h"

void Worker::write(File& file) {
  what_ = "write";
  const std::size_t at = below(largest - 3 * page), size = 1 + below(3 * page - 1);
  const Bytes made = bytes(size);
  expect(pwrite(file.fd, made.data(), size, static_cast<off_t>(at)) == static_cast<ssize_t>(size), "pwrite");
  grow(file, at + size);
  std::copy(made.begin(), made.end(), file.content.begin() + static_cast<long>(at));
}

void Worker::read(File& file) {
  what_ = "read";
  const std::size_t at = below(largest), size = below(5 * page);
  Bytes got(size + 1);
  const ssize_t length = pread(file.fd, got.data(), size, static_cast<off_t>(at));
  const std::size_t there = at < file.content.size() ? std::min(size, file.content.size() - at) : 0;
  expect(length == static_cast<ssize_t>(there), "another length", length);
  expect(std::equal(got.begin(), got.begin() + length,
                    file.content.begin() + static_cast<long>(std::min(at, file.content.size()))),
         "other bytes", static_cast<long>(at));
}

void Worker::truncate(File& file) {
  what_ = "truncate";
  const std::size_t size = below(2) ? below(largest) : below(largest / page) * page;
  expect(ftruncate(file.fd, static_cast<off_t>(size)) == 0, "ftruncate");
  file.content.resize(size);
  if (file.mapped && size % page)  // the rest of the last page is zeroes, also in a mapping
    for (std::size_t i = size; i % page; ++i)
      expect(file.mapped[i] == 0, "not cut to the end of the page", static_cast<long>(i));
}

void Worker::allocate(File& file) {
  what_ = "fallocate";
  static constexpr int modes[] = {0,
                                  FALLOC_FL_KEEP_SIZE,
                                  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                  FALLOC_FL_COLLAPSE_RANGE,
                                  FALLOC_FL_ZERO_RANGE};
  const int mode = modes[below(6)];
  const std::size_t at = below(largest - 3 * page), size = 1 + below(3 * page);
  const int result = fallocate(file.fd, mode, static_cast<off_t>(at), static_cast<off_t>(size));
  if (mode == FALLOC_FL_COLLAPSE_RANGE || mode == FALLOC_FL_ZERO_RANGE)
    return expect(result < 0 && errno == EOPNOTSUPP, "a mode that a tmpfs has not");
  expect(result == 0, "fallocate", mode);
  if (mode == 0) grow(file, at + size);
  if (mode & FALLOC_FL_PUNCH_HOLE)
    for (std::size_t i = at; i < std::min(at + size, file.content.size()); ++i) file.content[i] = 0;
}

void Worker::copy(File& to) {
  what_ = "copy_file_range";
  const Held from = any();
  if (from.get() == &to || from->content.empty()) return;
  off_t source = static_cast<off_t>(below(from->content.size())),
        target = static_cast<off_t>(below(largest - 3 * page));
  const std::size_t first = static_cast<std::size_t>(source), at = static_cast<std::size_t>(target);
  const std::size_t size = std::min(1 + below(2 * page), from->content.size() - first);
  const ssize_t copied = copy_file_range(from->fd, &source, to.fd, &target, size, 0);
  expect(copied == static_cast<ssize_t>(size), "copied less", copied);
  grow(to, at + size);
  std::copy_n(from->content.begin() + static_cast<long>(first), size, to.content.begin() + static_cast<long>(at));
}
