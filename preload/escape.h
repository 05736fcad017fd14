// SPDX-License-Identifier: MIT
//
// Names in lines that people and programs read: the log of reroutes, messages, devshmd's recordings and reports. A name
// can hold any bytes; none of them may end the line, move the cursor or turn the direction of the text.
//
// They are escaped as in a JSON string, except for quotes, which only JSON needs to escape: a backslash is doubled;
// control characters (C0, DEL, C1), line separators and the marks that change the direction of text become \u and four
// digits; a byte that is not UTF-8 becomes \udc80 to \udcff, as in Python (surrogateescape), so that nothing is lost.
//
// Pure code, for the library and the daemon: no libc, no memory; async-signal-safe and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>

namespace [[gnu::visibility("hidden")]] devshm {

/// How many bytes of a name are written; a longer one is cut off there, and "..." follows.
inline constexpr std::size_t shown_name_limit = 4096;
inline constexpr char cut_off_mark[] = "...";

/// A character at the start of a text: how many bytes it has there, and how it is written.
struct Escaped {
  std::size_t taken;
  std::size_t size;
  char text[8];
};

/// The bytes and the code of the UTF-8 character that `text` begins with; 0 bytes if it is none.
constexpr std::size_t utf8_length(const char* text, std::size_t length, std::uint32_t& code) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  code = first;
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || length < size) return 0;
  code = first & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3fu);
  }
  constexpr std::uint32_t least[] = {0x80, 0x800, 0x10000};  // else a shorter form exists
  const bool is_surrogate = code >= 0xd800 && code < 0xe000;
  return code < least[size - 2] || is_surrogate || code > 0x10ffff ? 0 : size;
}

/// Whether a character may change how the rest of its line is shown.
constexpr bool is_control(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0)          // C0, DEL, C1
         || code == 0x61c || code == 0x200e || code == 0x200f  // marks of direction
         || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069)  // separators, embeddings, isolates
         || code == 0xfeff;                  // byte order mark
}

/// The first character of a text that is not empty.
constexpr Escaped escape_first(const char* text, std::size_t length) {
  std::uint32_t code = 0;
  const std::size_t valid = utf8_length(text, length, code);
  Escaped out{valid ? valid : 1, 0, {}};
  if (valid && !is_control(code)) {
    if (code == '\\') out.text[out.size++] = '\\';
    for (std::size_t i = 0; i < valid; ++i) out.text[out.size++] = text[i];
    return out;
  }
  if (!valid) code = 0xdc00 | static_cast<unsigned char>(text[0]);
  out.text[out.size++] = '\\';
  out.text[out.size++] = 'u';
  for (int shift = 12; shift >= 0; shift -= 4) out.text[out.size++] = "0123456789abcdef"[code >> shift & 15];
  return out;
}

/// Passes a name, escaped and cut off at the limit, to `put(text, size)`, piece by piece.
template <class Put>
constexpr void escape(const char* name, std::size_t length, Put put) {
  const bool is_cut = length > shown_name_limit;
  std::size_t end = is_cut ? shown_name_limit : length;
  // Don't cut a character in two.
  if (is_cut)
    while (end > shown_name_limit - 3 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
  for (std::size_t at = 0; at < end;) {
    const Escaped next = escape_first(name + at, end - at);
    put(next.text, next.size);
    at += next.taken;
  }
  if (is_cut) put(cut_off_mark, sizeof cut_off_mark - 1);
}

}  // namespace devshm
