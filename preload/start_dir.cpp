// SPDX-License-Identifier: MIT
#include "start_dir.h"

#include <alloca.h>
#include <limits.h>

#include "sys.h"

namespace devshm {
namespace {

/// Whether the first `length` bytes of `path` lead to the same directory as `other`.
bool leads_to(int base, const char* path, std::size_t length, const char* other) {
  if (length >= PATH_MAX) return false;
  char* prefix = static_cast<char*>(alloca(length + 1));
  __builtin_memcpy(prefix, path, length);
  prefix[length] = '\0';
  struct stat here, there;
  // If nothing precedes it, the path starts in the base itself.
  if (sys::fstatat(base, length ? prefix : ".", &here, 0) != 0) return false;
  if (sys::fstatat(AT_FDCWD, other, &there, 0) != 0) return false;
  return sys::is_same_file(here, there);
}

}  // namespace

Verdict judge_from(int base, const char* path) {
  if (path[0] == '/') return judge(path, Start::root);
  for (Candidate c = next_candidate(path); c.at; c = next_candidate(c.at + 3)) {
    const Verdict verdict = judge(c.at, c.start);
    if (verdict.kind == Verdict::outside) continue;
    if (leads_to(base, path, static_cast<std::size_t>(c.at - path), c.start == Start::root ? "/" : "/dev"))
      return verdict;
  }
  return {Verdict::outside, path};
}

}  // namespace devshm
