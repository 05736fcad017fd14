// SPDX-License-Identifier: MIT
//
// Wraps functions that make temporary names. The template's prefix stays the caller's own; only what libc filled in is
// written back. Not here: tmpnam and tmpfile, which always use /tmp.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../text.h"
#include "gnu_libc.h"
#include "shown_path.h"
#include "stat_path.h"
#include "wrapper.h"

namespace devshm {

FORWARD(mkstemp, pattern, 1);
ALIAS(mkstemp64, mkstemp);
FORWARD(mkostemp, pattern, 1);
ALIAS(mkostemp64, mkostemp);
FORWARD(mkstemps, pattern, 1);
ALIAS(mkstemps64, mkstemps);
FORWARD(mkostemps, pattern, 1);
ALIAS(mkostemps64, mkostemps);

// It returns the template: the caller's own, not the rewritten copy.
EXPORT char* mkdtemp(char* name) NOTHROW { return NEXT(mkdtemp, pattern, 1).forward(name) ? name : nullptr; }

namespace {

auto next_mktemp() { return NEXT(mktemp, pattern, 1); }

char* make_name(char* name) {
  // On failure libc makes the template an empty string, which a rewritten copy can't pass on.
  const char* made = next_mktemp().rewrite(name);
  if (!made || !*made) *name = '\0';
  return name;
}

bool is_directory(const char* path) {
  struct stat found;
  return stat_path(AT_FDCWD, path, &found, 0) == 0 && S_ISDIR(found.st_mode);
}

/// The name that libc would create in `dir`, "<dir>/<up to five letters>XXXXXX" with the X's filled in.
[[gnu::cold, gnu::noinline]] char* make_name_in(const char* dir, const char* prefix) {
  if (!prefix || !*prefix) prefix = "file";
  const std::size_t dir_length = length_before_last_slashes(dir);
  std::size_t prefix_length = 0;
  while (prefix_length < 5 && prefix[prefix_length]) ++prefix_length;
  char* name = static_cast<char*>(malloc(dir_length + 1 + prefix_length + sizeof "XXXXXX"));
  if (!name) return nullptr;
  memcpy(name, dir, dir_length);  // NOLINT(bugprone-not-null-terminated-result)
  name[dir_length] = '/';
  memcpy(name + dir_length + 1, prefix, prefix_length);
  memcpy(name + dir_length + 1 + prefix_length, "XXXXXX", sizeof "XXXXXX");
  if (*make_name(name)) return name;
  free(name);
  return nullptr;
}

}  // namespace

EXPORT char* mktemp(char* name) NOTHROW { return may_match(name) ? make_name(name) : next_mktemp()(name); }

// glibc reads TMPDIR itself, before its argument, and looks for directories where no wrapper sees it. (It ignores
// TMPDIR in a program with raised privileges, where devshm does nothing at all.) musl's looks at its argument alone.
EXPORT char* tempnam(const char* dir, const char* prefix) NOTHROW {
  const char* tmpdir = getenv("TMPDIR");
  if (!is_rewritten(tmpdir) && !is_rewritten(dir)) return NEXT(tempnam)(dir, prefix);
  if (!is_gnu_libc()) return show_path(NEXT(tempnam, path, 1).rewrite(dir, prefix), {true, 0, 0});
  for (const char* candidate : {tmpdir, dir})
    if (candidate && is_directory(candidate)) return make_name_in(candidate, prefix);
  return make_name_in(P_tmpdir, prefix);
}

}  // namespace devshm
