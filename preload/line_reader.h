// SPDX-License-Identifier: MIT
//
// Reads a text file of the kernel line by line, into memory that the caller owns. Async-signal-safe; errno stays as it
// was.
#pragma once

#include <cstddef>

#include "sys.h"

namespace [[gnu::visibility("hidden")]] devshm {

class LineReader {
 public:
  /// A line that does not fit into `size` bytes, with its newline, is returned in parts.
  LineReader(const char* path, char* memory, std::size_t size)
      : file_(sys::openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC)), memory_(memory), room_(size - 1) {}

  /// The next line without its newline, valid until the next call; null at the end, or if the file can't be read.
  char* next() {
    for (std::size_t i = begin_;; ++i) {
      if (i == end_) {
        const bool is_full = begin_ == 0 && end_ == room_;
        i -= begin_;
        if (is_full || !read_on()) {
          const bool is_last = begin_ == end_;
          return is_last ? nullptr : take(end_, end_);
        }
      }
      if (memory_[i] == '\n') return take(i, i + 1);
    }
  }

 private:
  char* take(std::size_t line_end, std::size_t next) {
    char* const line = memory_ + begin_;
    memory_[line_end] = '\0';
    begin_ = next;
    return line;
  }

  /// Moves what is left to the front, and reads more behind it.
  bool read_on() {
    for (std::size_t i = begin_; i < end_; ++i) memory_[i - begin_] = memory_[i];
    end_ -= begin_;
    begin_ = 0;
    const long size = file_.is_open() ? sys::read(file_.get(), memory_ + end_, room_ - end_) : 0;
    if (size <= 0) return false;
    end_ += static_cast<std::size_t>(size);
    return true;
  }

  sys::Descriptor file_;
  char* memory_;
  std::size_t room_, begin_ = 0, end_ = 0;
};

}  // namespace devshm
