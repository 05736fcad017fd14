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

/// The same of the first `length` bytes of `head`.
inline bool begins_with(const char* text, const char* head, std::size_t length) {
  for (std::size_t i = 0; i < length; ++i)
    if (text[i] != head[i]) return false;
  return true;
}

/// Whether the text has its end in the first `size` bytes.
inline bool ends_within(const char* text, std::size_t size) {
  for (const char* p = text; p < text + size; ++p)
    if (!*p) return true;
  return false;
}

/// Whether the text has one of these letters in it.
inline bool has_any(const char* text, const char* letters) {
  for (; *text; ++text)
    for (const char* letter = letters; *letter; ++letter)
      if (*text == *letter) return true;
  return false;
}

/// Copies a text with its end. Returns where that lies.
inline char* put(char* out, const char* text) {
  while ((*out = *text++)) ++out;
  return out;
}

/// What follows the last slash.
const char* last_component(const char* path);

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
