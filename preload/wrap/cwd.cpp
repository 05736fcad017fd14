// SPDX-License-Identifier: MIT
//
// Shows the working directory's name as the program knows it. libc gets the name from the kernel and checks whether it
// fits into the caller's buffer; whether the shown name fits is checked again here.
#include <alloca.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../backing_dir.h"
#include "../settings.h"
#include "../shown_name.h"
#include "../sys.h"
#include "../text.h"
#include "shown_path.h"
#include "stat_path.h"
#include "wrapper.h"

extern "C" {
char* __getcwd_chk(char*, size_t, size_t);
char* __getwd_chk(char*, size_t);
}

namespace devshm {

namespace {

/// A buffer that is too small for the real name may be large enough for a shorter one.
[[gnu::cold, gnu::noinline]] char* getcwd_if_shorter(char* out, std::size_t size) {
  const std::size_t longest = longest_backing_prefix();
  if (longest <= shown_dir_length || size >= PATH_MAX) return nullptr;
  const std::size_t own_size = size + longest - shown_dir_length;
  char* name = static_cast<char*>(alloca(own_size));
  const long length_with_end = sys::call(SYS_getcwd, sys::word(name), static_cast<long>(own_size));
  if (length_with_end <= 1) return nullptr;
  const auto length = static_cast<std::size_t>(length_with_end) - 1;
  const std::size_t prefix = backing_prefix(name, length, NameOf::path);
  if (!prefix || shown_length(length, prefix) >= size) return nullptr;
  note_that_backing_dir_is_used();  // as show_path() does
  if (!out) out = static_cast<char*>(malloc(size));
  if (out) out[put_shown(out, size, name, length, prefix)] = '\0';
  return out;
}

char* get_cwd(char* out, std::size_t size) {
  char* found = NEXT(getcwd)(out, size);
  if (found) return show_path(found, {!out, size, ERANGE});
  return errno == ERANGE ? getcwd_if_shorter(out, size) : nullptr;
}

/// get_current_dir_name trusts $PWD if that is the working directory. libc would check the real /dev/shm for it.
[[gnu::cold, gnu::noinline]] char* get_named_cwd(const char* pwd) {
  struct stat named, here;
  const bool is_here = stat_path(AT_FDCWD, pwd, &named, 0) == 0 && sys::fstatat(AT_FDCWD, ".", &here, 0) == 0 &&
                       sys::is_same_file(named, here);
  if (!is_here) return get_cwd(nullptr, 0);
  // Null names no directory. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker)
  char* copy = static_cast<char*>(malloc(strlen(pwd) + 1));
  if (copy) put(copy, pwd);
  return copy;
}

}  // namespace

EXPORT char* getcwd(char* out, size_t size) NOTHROW { return get_cwd(out, size); }
INNER_NAME(getcwd);

// _FORTIFY_SOURCE: libc's functions end the program if the buffer is too small.
EXPORT char* __getcwd_chk(char* out, size_t size, size_t room) {
  return size > room ? NEXT(__getcwd_chk)(out, size, room) : get_cwd(out, size);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
EXPORT char* getwd(char* out) NOTHROW { return show_path(NEXT(getwd)(out), {false, PATH_MAX, ERANGE}); }
#pragma GCC diagnostic pop

EXPORT char* __getwd_chk(char* out, size_t room) {
  return show_path(NEXT(__getwd_chk)(out, room), {false, PATH_MAX, ERANGE});
}

EXPORT char* get_current_dir_name() NOTHROW {
  const char* pwd = settings().active ? getenv("PWD") : nullptr;
  if (may_match(pwd)) return get_named_cwd(pwd);
  return show_path(NEXT(get_current_dir_name)(), {true, 0, 0});
}

}  // namespace devshm
