// SPDX-License-Identifier: MIT
#include "path_rule.h"

#include <cstdint>

namespace devshm {
namespace {

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

// Eight bytes at a time. The reads are aligned, so they never cross into a page that the string does not touch, though
// they may see bytes before and behind it; tools that watch single bytes have to be told.
#if defined(__SANITIZE_ADDRESS__)
__attribute__((no_sanitize_address))
#endif
bool may_match(const char* path) {
  using Word __attribute__((may_alias)) = std::uint64_t;
  constexpr std::uint64_t ones = 0x0101010101010101u;
  constexpr std::uint64_t highs = 0x8080808080808080u;
  if (!path) return false;
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(path);
  const Word* at = reinterpret_cast<const Word*>(address & ~std::uintptr_t{7});
  // What comes before the path in its first word becomes 0xff: neither the end nor a letter.
  std::uint64_t word = *at | ~(~std::uint64_t{0} << (address & 7) * 8);
  std::uint64_t last = 0;  // the byte before this word
  for (;;) {
    // A zero byte in `pair` is an 'm' that follows an 'h', one in `word` the end of the path. The lowest high bit of
    // each expression tells the first of them; what lies above it may be wrong.
    const std::uint64_t pair = ((word << 8 | last) ^ ones * 'h') | (word ^ ones * 'm');
    const std::uint64_t found = (pair - ones) & ~pair & highs;
    const std::uint64_t end = (word - ones) & ~word & highs;
    if (found | end) {
      const std::uint64_t first_found = found & -found;
      const std::uint64_t first_end = end & -end;
      return first_found && (!first_end || first_found < first_end);
    }
    last = word >> 56;
    word = *++at;
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
