// SPDX-License-Identifier: MIT
//
// Short texts without libc: paths of the store, and what links say. (text.h calls libc's strlen, which the keeper's
// program does not have.) A text that does not fit is marked, and must not be used.
#pragma once

#include <cstddef>
#include <cstdint>

namespace devshm::store {

inline std::size_t text_length(const char* text) {
  std::size_t length = 0;
  while (text[length]) ++length;
  return length;
}

inline bool same_bytes(const char* a, const char* b, std::size_t length) {
  for (std::size_t i = 0; i < length; ++i)
    if (a[i] != b[i]) return false;
  return true;
}

template <std::size_t Size>
class ShortText {
 public:
  ShortText() { text_[0] = '\0'; }
  ShortText(const ShortText& other) { add(other.c_str(), other.size()); }
  ShortText& operator=(const ShortText&) = delete;

  ShortText& add(const char* text, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) add_letter(text[i]);
    return *this;
  }
  ShortText& add(const char* text) { return add(text, text_length(text)); }
  ShortText& add(unsigned long number) {
    char digits[20];
    std::size_t count = 0;
    do digits[count++] = static_cast<char>('0' + number % 10);
    while (number /= 10);
    while (count) add_letter(digits[--count]);
    return *this;
  }
  /// 16 digits, leading zeros included.
  ShortText& add_hex(std::uint64_t number) {
    for (int shift = 60; shift >= 0; shift -= 4) add_letter("0123456789abcdef"[number >> shift & 15]);
    return *this;
  }

  const char* c_str() const { return text_; }
  std::size_t size() const { return length_; }
  bool fits() const { return fits_; }

 private:
  void add_letter(char letter) {
    if (length_ + 1 == Size) {
      fits_ = false;
      return;
    }
    text_[length_++] = letter;
    text_[length_] = '\0';
  }

  char text_[Size];
  std::size_t length_ = 0;
  bool fits_ = true;
};

}  // namespace devshm::store
