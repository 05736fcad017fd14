// SPDX-License-Identifier: MIT
#include "amount.h"

namespace devshm {
namespace {

constexpr unsigned most_percent = 1000;
constexpr Bytes most_bytes = 1ull << 63;

/// The number of bits by which a suffix shifts a number; -1 for any other letter.
int shift_of(char suffix) {
  switch (suffix | ' ') {
    case 'k': return 10;
    case 'm': return 20;
    case 'g': return 30;
    case 't': return 40;
    default: return -1;
  }
}

}  // namespace

const char* read_number(const char* text, Bytes& out) {
  Bytes number = 0;
  const char* digit = text;
  for (; *digit >= '0' && *digit <= '9'; ++digit) {
    if (__builtin_mul_overflow(number, 10, &number)) return nullptr;
    if (__builtin_add_overflow(number, static_cast<Bytes>(*digit - '0'), &number)) return nullptr;
  }
  if (digit == text) return nullptr;
  out = number;
  return digit;
}

bool parse_amount(const char* text, Amount& out) {
  Bytes number;
  const char* suffix = read_number(text, number);
  if (!suffix || (*suffix && suffix[1])) return false;
  if (*suffix == '%') {
    if (number > most_percent) return false;
    out = {0, static_cast<unsigned>(number)};
    return true;
  }
  const int shift = *suffix ? shift_of(*suffix) : 0;
  if (shift < 0 || number > most_bytes >> shift) return false;
  out = {number << shift, 0};
  return true;
}

}  // namespace devshm
