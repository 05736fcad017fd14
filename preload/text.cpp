// SPDX-License-Identifier: MIT
#include "text.h"

#include "escape.h"

namespace devshm {

int difference(const char* a, const char* b) {
  while (*a && *a == *b) ++a, ++b;
  return *a - *b;
}

const char* after(const char* text, const char* head) { return after(text, head, length_of(head)); }

const char* after(const char* text, const char* head, std::size_t length) {
  for (std::size_t i = 0; i < length; ++i)
    if (text[i] != head[i]) return nullptr;
  return text + length;
}

bool ends_within(const char* text, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    if (!text[i]) return true;
  return false;
}

const char* find_letter(const char* text, char letter) {
  while (*text && *text != letter) ++text;
  return text;
}

char* put(char* out, const char* text) {
  while ((*out = *text++)) ++out;
  return out;
}

std::size_t length_before_last_slashes(const char* path) {
  std::size_t length = length_of(path);
  while (length > 1 && path[length - 1] == '/') --length;
  return length;
}

LineWriter& LineWriter::add(const char* text) {
  for (; *text && left_; --left_) text_[length_++] = *text++;
  text_[length_] = '\0';
  return *this;
}

LineWriter& LineWriter::add_name(const char* name) {
  escape(name, length_of(name), [this](const char* text, std::size_t size) {
    if (size > left_) {
      left_ = 0;  // write no part of an escape, and nothing after it
      return;
    }
    __builtin_memcpy(text_ + length_, text, size);
    length_ += size;
    left_ -= size;
  });
  text_[length_] = '\0';
  return *this;
}

LineWriter& LineWriter::end() {
  if (!left_) {
    if (length_ == 0) return *this;
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
