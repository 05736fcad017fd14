// SPDX-License-Identifier: MIT
#include "short_text.h"

namespace devshm::store {

std::size_t text_length(const char* text) {
  std::size_t length = 0;
  while (text[length]) ++length;
  return length;
}

bool same_bytes(const char* a, const char* b, std::size_t length) {
  for (std::size_t i = 0; i < length; ++i)
    if (a[i] != b[i]) return false;
  return true;
}

void append(char* text, std::size_t size, TextEnd& end, const char* more, std::size_t count) {
  for (; count && end.length + 1 < size; --count) text[end.length++] = *more++;
  text[end.length] = '\0';
  if (count) end.fits = false;
}

void append(char* text, std::size_t size, TextEnd& end, const char* more) {
  append(text, size, end, more, text_length(more));
}

void append_number(char* text, std::size_t size, TextEnd& end, unsigned long number) {
  char digits[20];
  char* at = digits + sizeof digits;
  do *--at = static_cast<char>('0' + number % 10);
  while (number /= 10);
  append(text, size, end, at, static_cast<std::size_t>(digits + sizeof digits - at));
}

void append_hex(char* text, std::size_t size, TextEnd& end, std::uint64_t number) {
  char digits[16];
  for (int i = 15; i >= 0; --i, number >>= 4) digits[i] = "0123456789abcdef"[number & 15];
  append(text, size, end, digits, sizeof digits);
}

}  // namespace devshm::store
