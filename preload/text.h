// SPDX-License-Identifier: MIT
//
// Text in memory that somebody else owns: enough to put a line together without libc, heap or stdio.
// Async-signal-safe and thread-safe throughout.
#pragma once

#include <cstddef>

namespace devshm {

inline std::size_t length_of(const char* text) { return __builtin_strlen(text); }

inline bool same(const char* a, const char* b) { return __builtin_strcmp(a, b) == 0; }

inline bool begins_with(const char* text, const char* head) {
  for (; *head; ++text, ++head)
    if (*text != *head) return false;
  return true;
}

/// A line under construction; what does not fit is cut off.
class LineWriter {
 public:
  LineWriter(char* memory, std::size_t size) : text_(memory), left_(size - 1) { *memory = '\0'; }
  LineWriter(const LineWriter&) = delete;

  LineWriter& add(const char* text);
  LineWriter& add(long number);
  /// Ends the line, in the place of its last letter where it is full.
  LineWriter& end();

  const char* c_str() const { return text_; }
  std::size_t size() const { return length_; }

 private:
  char* text_;
  std::size_t left_;
  std::size_t length_ = 0;
};

/// The same with the memory for it.
template <std::size_t Size>
class Line : public LineWriter {
 public:
  Line() : LineWriter(memory_, Size) {}

 private:
  char memory_[Size];
};

}  // namespace devshm
