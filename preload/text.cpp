// SPDX-License-Identifier: MIT
#include "text.h"

namespace devshm {

const char* last_component(const char* path) {
  const char* last = path;
  for (const char* p = path; *p; ++p)
    if (*p == '/') last = p + 1;
  return last;
}

LineWriter& LineWriter::add(const char* text) {
  for (; *text && left_; --left_) text_[length_++] = *text++;
  text_[length_] = '\0';
  return *this;
}

LineWriter& LineWriter::end() {
  if (!left_) {
    --length_;
    ++left_;
  }
  return add("\n");
}

LineWriter& LineWriter::add(long number) {
  char digits[24];
  char* at = digits + sizeof digits;
  *--at = '\0';
  const bool negative = number < 0;
  unsigned long rest = negative ? 0ul - static_cast<unsigned long>(number) : static_cast<unsigned long>(number);
  do *--at = static_cast<char>('0' + rest % 10);
  while (rest /= 10);
  if (negative) *--at = '-';
  return add(at);
}

}  // namespace devshm
