// SPDX-License-Identifier: MIT
//
// The working directory's name. libc has it from the kernel, and the caller's buffer is counted in its bytes: what
// fits or not is decided once more for the name as it is shown.
#include <alloca.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../reverse.h"
#include "../settings.h"
#include "../sys.h"
#include "../text.h"
#include "shown_path.h"
#include "stat_path.h"
#include "wrapper.h"

extern "C" {
char* __getcwd_chk(char*, size_t, size_t);
char* __getwd_chk(char*, size_t);
}

namespace {

/// A buffer that is too small for the real name may still do for a shorter one.
[[gnu::cold, gnu::noinline]] char* getcwd_if_shorter(char* out, std::size_t size) {
  const std::size_t longest = devshm::longest_backing_prefix();
  if (longest <= devshm::shown_dir_length || size >= PATH_MAX) return nullptr;
  const std::size_t own_size = size + longest - devshm::shown_dir_length;
  char* name = static_cast<char*>(alloca(own_size));
  const long length_with_end = devshm::sys::call(SYS_getcwd, devshm::sys::word(name), static_cast<long>(own_size));
  if (length_with_end <= 1) return nullptr;
  const auto length = static_cast<std::size_t>(length_with_end) - 1;
  const std::size_t prefix = devshm::backing_prefix(name, length, devshm::NameOf::path);
  if (!prefix || devshm::shown_length(length, prefix) >= size) return nullptr;
  if (!out) out = static_cast<char*>(malloc(size));
  if (out) out[devshm::put_shown(out, size, name, length, prefix)] = '\0';
  return out;
}

char* get_cwd(char* out, std::size_t size) {
  char* found = NEXT(getcwd).get()(out, size);
  if (found) return devshm::show_path(found, {!out, size, ERANGE});
  return errno == ERANGE ? getcwd_if_shorter(out, size) : nullptr;
}

/// get_current_dir_name trusts $PWD if that is where we are. libc would look at the real /dev/shm for it.
[[gnu::cold, gnu::noinline]] char* get_named_cwd(const char* pwd) {
  struct stat named, here;
  const bool is_here = devshm::stat_path(AT_FDCWD, pwd, &named, 0) == 0 &&
                       devshm::sys::fstatat(AT_FDCWD, ".", &here, 0) == 0 && devshm::is_same_file(named, here);
  if (!is_here) return get_cwd(nullptr, 0);
  // Null is none of a directory's names. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker)
  char* copy = static_cast<char*>(malloc(strlen(pwd) + 1));
  if (copy) devshm::put(copy, pwd);
  return copy;
}

}  // namespace

EXPORT char* getcwd(char* out, size_t size) NOTHROW { return get_cwd(out, size); }
INNER_NAME(getcwd);

// _FORTIFY_SOURCE: where the buffer is too small libc's own end the program.
EXPORT char* __getcwd_chk(char* out, size_t size, size_t room) {
  return size > room ? NEXT(__getcwd_chk).get()(out, size, room) : get_cwd(out, size);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
EXPORT char* getwd(char* out) NOTHROW { return devshm::show_path(NEXT(getwd).get()(out), {false, PATH_MAX, ERANGE}); }
#pragma GCC diagnostic pop

EXPORT char* __getwd_chk(char* out, size_t room) {
  return devshm::show_path(NEXT(__getwd_chk).get()(out, room), {false, PATH_MAX, ERANGE});
}

EXPORT char* get_current_dir_name() NOTHROW {
  const char* pwd = devshm::settings().active ? getenv("PWD") : nullptr;
  if (devshm::may_match(pwd)) return get_named_cwd(pwd);
  return devshm::show_path(NEXT(get_current_dir_name).get()(), {true, 0, 0});
}
