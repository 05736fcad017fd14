// SPDX-License-Identifier: MIT
//
// Text in memory that the caller owns: just enough to assemble a line without libc, heap or stdio. Async-signal-safe
// and thread-safe throughout.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

constexpr std::size_t length_of(const char* text) { return __builtin_strlen(text); }

/// 0 if they are the same.
int difference(const char* a, const char* b);
[[gnu::always_inline]] inline bool same(const char* a, const char* b) { return difference(a, b) == 0; }

/// What follows `head` in a text that begins with it, else null.
const char* after(const char* text, const char* head);
[[gnu::always_inline]] inline bool begins_with(const char* text, const char* head) {
  return after(text, head) != nullptr;
}

/// The same for the first `length` bytes of `head`, whatever they are.
const char* after(const char* text, const char* head, std::size_t length);
[[gnu::always_inline]] inline bool begins_with(const char* text, const char* head, std::size_t length) {
  return after(text, head, length) != nullptr;
}

/// Whether the text ends within the first `size` bytes.
bool ends_within(const char* text, std::size_t size);

/// Where the text has the letter; its end if it does not.
const char* find_letter(const char* text, char letter);
inline bool has_letter(const char* text, char letter) { return *find_letter(text, letter); }
inline bool has_slash(const char* path) { return has_letter(path, '/'); }

/// Copies a text with its NUL. Returns where the NUL is.
char* put(char* out, const char* text);

/// The length without the slashes at the end; the root directory keeps one.
std::size_t length_before_last_slashes(const char* path);

/// What follows the last slash, of a text or of the part of one before `end`. (The keeper, which has no libc, uses the
/// latter.)
inline const char* last_component(const char* begin, const char* end) {
  while (end != begin && end[-1] != '/') --end;
  return end;
}
inline const char* last_component(const char* path) { return last_component(path, path + length_of(path)); }

/// A line under construction; what does not fit is cut off.
class LineWriter {
 public:
  LineWriter(char* memory, std::size_t size) : text_(memory), left_(size - 1) { *memory = '\0'; }
  LineWriter(const LineWriter&) = delete;

  LineWriter& add(const char* text);
  LineWriter& add(long number);
  /// A name, escaped (escape.h).
  LineWriter& add_name(const char* name);
  /// Ends the line; if it is full, in place of its last letter.
  LineWriter& end();

  const char* c_str() const { return text_; }
  std::size_t size() const { return length_; }

 private:
  char* text_;
  std::size_t left_;
  std::size_t length_ = 0;
};

/// The same, with its memory.
template <std::size_t Size>
class Line : public LineWriter {
 public:
  Line() : LineWriter(memory_, Size) {}

 private:
  char memory_[Size];
};

}  // namespace devshm
