// SPDX-License-Identifier: MIT
#include "path_rule.h"

namespace devshm {
namespace {

/// One component of a path, and where the next one is searched for.
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

using Word = std::uint64_t;

Word word_at(const char* p) {
  Word word;
  __builtin_memcpy(&word, p, sizeof word);
  return word;
}

/// Whether one of the eight letters is a dot: the borrow of a subtraction shows a byte that is zero.
bool has_dot(Word letters) {
  constexpr Word each = 0x0101010101010101;
  const Word no_dots = letters ^ each * '.';
  return ((no_dots - each) & ~no_dots & each << 7) != 0;
}

bool has_two_dots(const char* p) {
  for (; *p; ++p)
    if (p[0] == '.' && p[1] == '.') return true;
  return false;
}

/// Whether there are two dots in a row. The last eight letters before the end can be read whatever `p` is.
bool has_two_dots(const char* p, const char* end) {
  const char* const last = end - sizeof(Word);
  for (; p < last; p += sizeof(Word))
    if (has_dot(word_at(p))) return has_two_dots(p);
  return has_dot(word_at(last)) && has_two_dots(last);
}

}  // namespace

Verdict judge_absolute(const char* path, std::size_t length) {
  const bool is_usual = length >= sizeof(Word) && word_at(path) == word_at("/dev/shm") &&
                        (path[8] == '/' || path[8] == '\0') && !has_two_dots(path + 8, path + length);
  return is_usual ? Verdict{Verdict::inside, path + 8} : judge(path, Start::root);
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
