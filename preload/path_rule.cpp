// SPDX-License-Identifier: MIT
#include "path_rule.h"

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#else
#include <arm_neon.h>
#endif

namespace devshm {
namespace {

constexpr std::uintptr_t block_size = 16;

/// For each byte of an aligned block that is the end of a string or an 'm': its lowest bit of `bits_per_byte`, at its
/// place in the block. Both vector units are part of every machine of their architecture.
#if defined(__SSE2__)
constexpr unsigned bits_per_byte = 1;
inline std::uint64_t ends_and_ms(const char* block) {
  const __m128i bytes = _mm_load_si128(reinterpret_cast<const __m128i*>(block));
  const __m128i found =
      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_setzero_si128()), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('m')));
  return static_cast<unsigned>(_mm_movemask_epi8(found));
}
#else
constexpr unsigned bits_per_byte = 4;
inline std::uint64_t ends_and_ms(const char* block) {
  const uint8x16_t bytes = vld1q_u8(reinterpret_cast<const std::uint8_t*>(block));
  const uint8x16_t found = vorrq_u8(vceqzq_u8(bytes), vceqq_u8(bytes, vdupq_n_u8('m')));
  const uint8x8_t nibbles = vshrn_n_u16(vreinterpretq_u16_u8(found), 4);
  return vget_lane_u64(vreinterpret_u64_u8(nibbles), 0) & 0x1111111111111111u;
}
#endif

/// One component of a path, and where the next one is to be looked for.
struct Component {
  const char* begin;
  std::size_t length;  // 0: the path has ended

  bool is(const char* name, std::size_t size) const {
    if (length != size) return false;
    for (std::size_t i = 0; i < size; ++i)
      if (begin[i] != name[i]) return false;
    return true;
  }
  bool is_dot() const { return is(".", 1); }
  bool is_dot_dot() const { return is("..", 2); }
  bool is_dev() const { return is("dev", 3); }
  bool is_shm() const { return is("shm", 3); }
  const char* end() const { return begin + length; }
};

Component component_at(const char* p) {
  while (*p == '/') ++p;
  const char* end = p;
  while (*end != '\0' && *end != '/') ++end;
  return {p, static_cast<std::size_t>(end - p)};
}

}  // namespace

// Sixteen bytes at a time, aligned: a read never crosses into a page that the string does not touch, though it may see
// bytes before and behind the string; tools that watch single bytes have to be told.
__attribute__((no_sanitize_address, hot)) bool may_match(const char* path) {
  if (!path) return false;
  const std::uintptr_t before = reinterpret_cast<std::uintptr_t>(path) % block_size;
  const char* block = path - before;
  std::uint64_t found = ends_and_ms(block) & ~std::uint64_t{0} << before * bits_per_byte;
  for (;;) {
    for (; found; found &= found - 1) {
      const char* at = block + static_cast<unsigned>(__builtin_ctzll(found)) / bits_per_byte;
      if (*at == '\0') return false;
      if (at != path && at[-1] == 'h') return true;
    }
    block += block_size;
    found = ends_and_ms(block);
  }
}

Verdict judge(const char* path, Start start) {
  Verdict verdict{Verdict::outside, path};
  std::size_t depth = start == Start::root ? 0 : 1;  // components below the root
  std::size_t matched = depth;                       // how many of the first ones spell /dev/shm
  for (Component c = component_at(path); c.length; c = component_at(c.end())) {
    if (c.is_dot()) continue;
    if (c.is_dot_dot()) {
      if (depth) --depth;
      if (depth < matched) {
        if (matched == 2) verdict = {Verdict::through, c.end()};
        matched = depth;
      }
      continue;
    }
    const bool on_the_way = depth == matched && (depth == 0 ? c.is_dev() : depth == 1 && c.is_shm());
    ++depth;
    if (on_the_way) {
      ++matched;
      if (matched == 2) verdict = {Verdict::inside, c.end()};
    }
  }
  return verdict;
}

Candidate next_candidate(const char* from) {
  for (Component c = component_at(from); c.length; c = component_at(c.end())) {
    if (c.is_dev()) return {c.begin, Start::root};
    if (c.is_shm()) return {c.begin, Start::dev};
  }
  return {nullptr, Start::root};
}

}  // namespace devshm
