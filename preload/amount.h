// SPDX-License-Identifier: MIT
//
// An amount of memory, as a user writes it and as the `size=` of a tmpfs is written: "64M", "1048576" or "25%".
//
// Pure code: async-signal-safe, thread-safe, errno untouched.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

using Bytes = unsigned long long;

/// Bytes, or a percentage of the memory (bytes_of() in memory_size.h). Both 0: no amount.
struct Amount {
  Bytes bytes = 0;
  unsigned percent = 0;

  bool is_given() const { return bytes || percent; }
};

/// Reads a whole text: a number, and a suffix K, M, G or T (powers of 1,024; small letters too) or %. False, and `out`
/// untouched, for any other text and for what exceeds 2^63 bytes or 1,000%.
bool parse_amount(const char* text, Amount& out);

/// Reads a decimal number at the beginning of a text, and returns what follows it; null if there is none, or if it does
/// not fit.
const char* read_number(const char* text, Bytes& out);

}  // namespace devshm
