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

/// What follows "/dev/shm" in a path of the usual spelling: it begins with exactly these letters and has no "..". Null
/// for any other path.
const char* rest_of_usual_path(const char* p) {
  const bool begins = p[0] == '/' && p[1] == 'd' && p[2] == 'e' && p[3] == 'v' && p[4] == '/' && p[5] == 's' &&
                      p[6] == 'h' && p[7] == 'm' && (p[8] == '/' || p[8] == '\0');
  if (!begins) return nullptr;
  const char* rest = p + 8;
  for (p = rest; *p; ++p)
    if (*p == '.' && p[1] == '.') return nullptr;
  return rest;
}

}  // namespace

Verdict judge(const char* path, Start start) {
  if (const char* rest = start == Start::root ? rest_of_usual_path(path) : nullptr) return {Verdict::inside, rest};
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
