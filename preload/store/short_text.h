// SPDX-License-Identifier: MIT
//
// Assembles short texts without libc: paths of the store, and texts of links. (text.h calls libc's strlen, which the
// keeper's program does not have.) A text that does not fit is marked, and must not be used.
#pragma once

#include <cstddef>
#include <cstdint>

namespace devshm::store {

std::size_t text_length(const char* text);
bool same_bytes(const char* a, const char* b, std::size_t length);

/// Where the next letter goes, and whether everything has fitted so far.
struct TextEnd {
  std::size_t length = 0;
  bool fits = true;
};
/// The functions behind ShortText, which exist once for all sizes.
void append(char* text, std::size_t size, TextEnd& end, const char* more, std::size_t count);
void append(char* text, std::size_t size, TextEnd& end, const char* more);
void append_number(char* text, std::size_t size, TextEnd& end, unsigned long number);
void append_hex(char* text, std::size_t size, TextEnd& end, std::uint64_t number);

template <std::size_t Size>
class ShortText {
 public:
  ShortText() { text_[0] = '\0'; }
  ShortText(const ShortText& other) {
    add(other.c_str(), other.size());
    end_.fits = other.end_.fits;
  }
  ShortText& operator=(const ShortText&) = delete;

  ShortText& add(const char* text, std::size_t length) {
    append(text_, Size, end_, text, length);
    return *this;
  }
  ShortText& add(const char* text) {
    append(text_, Size, end_, text);
    return *this;
  }
  ShortText& add(unsigned long number) {
    append_number(text_, Size, end_, number);
    return *this;
  }
  /// Adds 16 digits, with leading zeros.
  ShortText& add_hex(std::uint64_t number) {
    append_hex(text_, Size, end_, number);
    return *this;
  }

  const char* c_str() const { return text_; }
  std::size_t size() const { return end_.length; }
  bool fits() const { return end_.fits; }

 private:
  char text_[Size];
  TextEnd end_;
};

}  // namespace devshm::store
