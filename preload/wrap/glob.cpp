// SPDX-License-Identifier: MIT
//
// Wraps glob. glibc lets the caller replace the functions that read directories (GLOB_ALTDIRFUNC). It gets functions
// that use the overlay, and works with the program's own pattern, so that results, order and the error function's
// arguments are correct without further work. musl can't do this; there the beginning of the pattern is replaced, and
// restored in the results.
#include <alloca.h>
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>

#include "../backing_dir.h"
#include "../settings.h"
#include "../start_dir.h"
#include "../text.h"
#include "gnu_libc.h"
#include "stat_path.h"
#include "wrapper.h"

namespace devshm {

namespace {

using ErrorFunction = int (*)(const char*, int);

void* open_dir(const char* path) { return NEXT(opendir, path, 1).rewrite(path); }
struct dirent* read_dir(void* dir) {
  return readdir(static_cast<DIR*>(dir));
}
void close_dir(void* dir) { closedir(static_cast<DIR*>(dir)); }
int stat_followed(const char* path, struct stat* out) { return stat_path(AT_FDCWD, path, out, 0); }
int stat_itself(const char* path, struct stat* out) { return stat_path(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW); }

[[gnu::cold]] int glob_with_functions(const char* pattern, int flags, ErrorFunction on_error, glob_t* out) {
  const glob_t given = *out;  // it has the program's functions, if the program uses any
  out->gl_opendir = open_dir;
  out->gl_readdir = read_dir;
  out->gl_closedir = close_dir;
  out->gl_stat = stat_followed;
  out->gl_lstat = stat_itself;
  const int result = NEXT(glob)(pattern, flags | GLOB_ALTDIRFUNC, on_error, out);
  out->gl_opendir = given.gl_opendir;
  out->gl_readdir = given.gl_readdir;
  out->gl_closedir = given.gl_closedir;
  out->gl_stat = given.gl_stat;
  out->gl_lstat = given.gl_lstat;
  out->gl_flags &= ~GLOB_ALTDIRFUNC;
  return result;
}

bool has_pattern(const char* dir) {
  for (; *dir; ++dir)
    if (has_letter("*?[\\", *dir)) return true;
  return false;
}

[[gnu::cold]] int glob_exchanged(const char* pattern, int flags, ErrorFunction on_error, glob_t* out) {
  const auto next = NEXT(glob);
  const Settings& set = settings();
  const Verdict verdict = judge_from(AT_FDCWD, pattern);
  // A directory whose name would be a pattern itself can't replace the beginning.
  if (verdict.kind != Verdict::inside || has_pattern(set.dir) || ensure_backing_dir() != 0)
    return next(pattern, flags, on_error, out);

  // musl's results can't be moved, only made shorter. So the replacement begins with enough slashes to be no shorter
  // than what it replaces.
  const auto own_length = static_cast<std::size_t>(verdict.rest - pattern);
  const std::size_t head_length = std::max(own_length, set.dir_length);
  const std::size_t rest_size = strlen(verdict.rest) + 1;
  char* exchanged = static_cast<char*>(alloca(head_length + rest_size));
  memset(exchanged, '/', head_length);
  memcpy(exchanged + head_length - set.dir_length, set.dir, set.dir_length);
  memcpy(exchanged + head_length, verdict.rest, rest_size);

  const std::size_t first = flags & GLOB_APPEND ? out->gl_pathc : 0;
  const int result = next(exchanged, flags, on_error, out);
  char** names = out->gl_pathv + (flags & GLOB_DOOFFS ? out->gl_offs : 0);
  for (std::size_t i = first; i < out->gl_pathc; ++i) {
    if (!begins_with(names[i], exchanged, head_length)) continue;
    memcpy(names[i], pattern, own_length);
    memmove(names[i] + own_length, names[i] + head_length, strlen(names[i] + head_length) + 1);
  }
  return result;
}

[[gnu::cold, gnu::noinline]] int glob_overlay(const char* pattern, int flags, ErrorFunction on_error, glob_t* out) {
  return is_gnu_libc() ? glob_with_functions(pattern, flags, on_error, out)
                       : glob_exchanged(pattern, flags, on_error, out);
}

/// A pattern can become a path in the overlay by its own text, or by the home directory's.
bool may_reach_overlay(const char* pattern, int flags) {
  return may_match(pattern) || (flags & GLOB_TILDE && may_match(getenv("HOME")));
}

}  // namespace

// A program with functions of its own gets what those return.
EXPORT int glob(const char* pattern, int flags, ErrorFunction on_error, glob_t* out) NOTHROW {
  if (may_reach_overlay(pattern, flags) && out && !(flags & GLOB_ALTDIRFUNC) && settings().active)
    return glob_overlay(pattern, flags, on_error, out);
  return NEXT(glob)(pattern, flags, on_error, out);
}
ALIAS(glob64, glob);
INNER_NAME(glob);

}  // namespace devshm
