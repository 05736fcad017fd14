// SPDX-License-Identifier: MIT
//
// Makes calls that open or create something by a name relative to a directory in the overlay, or with flags that keep
// libc and the kernel from following an object's name.
#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../memory.h"
#include "../object_names.h"
#include "../overlay_path.h"
#include "../roomy_stack.h"
#include "../settings.h"
#include "../shown_name.h"
#include "../store/kernel.h"
#include "../sys.h"
#include "memory_call.h"
#include "shown_call.h"

namespace devshm {
namespace {

/// Enough for usual names. Under a longer path a file is created instead of an object.
constexpr std::size_t longest_path = sizeof(NameBuffer);
constexpr int unnamed = O_TMPFILE & ~O_DIRECTORY;

/// A descriptor or a negative errno, as a result.
long finish(long fd) {
  if (fd >= 0) return fd;
  errno = static_cast<int>(-fd);
  return -1;
}

bool creates(int flags) { return flags & (O_CREAT | unnamed); }
bool changes(int flags) { return flags & O_TRUNC || (flags & O_ACCMODE) != O_RDONLY; }

/// Creates something by a relative name, or opens it; not_memory if the name does not start in the overlay.
int open_at(int dir, const char* path, int flags, mode_t mode) {
  return with_room([&] {
    char absolute[longest_path];
    return path_in_overlay(dir, path, absolute, sizeof absolute) ? open_memory(absolute, flags, mode) : not_memory;
  });
}

bool is_in_backing_dir(const char* path) {
  return lies_in(path, length_of(path), settings().dir, settings().dir_length);
}

/// Whether the kernel would accept this for a regular file.
bool is_usual(const open_how& how, std::size_t size) {
  constexpr std::uint64_t usual = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_DSYNC |
                                  O_SYNC | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | 0100000 /* O_LARGEFILE */;
  return size == sizeof how && !(how.flags & ~usual) && !(how.mode & ~07777ull);
}

}  // namespace

long ShownCallInWords::open() {
  const bool is_creat = !call_.third;
  const int flags = is_creat ? O_CREAT | O_WRONLY | O_TRUNC : static_cast<int>(word(call_.third));
  const auto mode = static_cast<mode_t>(word(is_creat ? call_.path + 1u : call_.third + 1u));
  // What is to be changed has to be the name's object: the kernel could follow the name to something else.
  if (creates(flags) ? !gets_no_mode(call_.name) : changes(flags)) {
    const int fd = open_at(directory(), path(), flags, mode);
    if (fd != not_memory) return finish(fd);
  }
  const int before = errno;
  const long result = invoke();
  if (static_cast<int>(result) != -1) return open_behind(result, flags);
  const int error = errno;
  const bool may_be_object = error == EACCES || error == ENOENT || (error == ELOOP && flags & O_NOFOLLOW);
  if (!may_be_object || !path() || !*path()) return result;
  const int fd = open_link(directory(), path(), flags);
  if (fd == not_memory) return fail_with<long>(error);
  errno = before;
  return finish(fd);
}

/// With these flags the kernel has opened the link itself.
long ShownCallInWords::open_behind(long opened, int flags) {
  if (!(flags & O_PATH) || !(flags & O_NOFOLLOW)) return opened;
  const int fd = open_link(static_cast<int>(opened), "", flags);
  if (fd == not_memory) return opened;
  sys::close(static_cast<int>(opened));
  return finish(fd);
}

long ShownCallInWords::open_how() {
  const auto* const how = pointer<const struct open_how>(call_.third);
  const auto size = static_cast<std::size_t>(word(call_.third + 1u));
  if (!how || !path() || size < sizeof *how) return invoke();
  const int flags = static_cast<int>(how->flags);
  if (creates(flags) && is_usual(*how, size)) {
    const auto mode = static_cast<mode_t>(how->mode);
    const bool is_absolute = is_in_backing_dir(path());
    const int fd = is_absolute ? open_memory(path(), flags, mode) : open_at(directory(), path(), flags, mode);
    if (fd != not_memory) return finish(fd);
  }
  const int before = errno;
  const long result = invoke();
  if (static_cast<int>(result) != -1) return open_behind(result, flags);
  const int error = errno;
  if (error != ELOOP && error != EXDEV && error != ENOENT && error != EACCES) return result;
  // The restrictions apply to the way to the name, and not to the link that the name is.
  struct open_how name = *how;
  name.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  name.mode = 0;
  const long link = sys::call(SYS_openat2, directory(), sys::word(path()), sys::word(&name), sizeof name);
  if (link < 0) return fail_with<long>(error);
  const sys::Descriptor held(static_cast<int>(link));
  const int fd = open_link(held.get(), "", flags);
  if (fd == not_memory) return fail_with<long>(error);
  errno = before;
  return finish(fd);
}

long ShownCallInWords::make_temporary() {
  char* const pattern = pointer<char>(call_.path);
  if (!pattern) return invoke();
  const TemporaryOptions options = temporary_options(call_.name, &word(call_.path));
  const int fd = with_room([&] {
    char absolute[longest_path];
    const std::size_t length = path_in_overlay(AT_FDCWD, pattern, absolute, sizeof absolute);
    if (!length) return not_memory;
    const int made = make_temporary_memory(absolute, options.suffix_length, options.flags);
    const std::size_t own_length = length_of(pattern);
    if (made >= 0) __builtin_memcpy(pattern, absolute + length - own_length, own_length);
    return made;
  });
  return fd == not_memory ? invoke() : finish(fd);
}

long ShownCallInWords::open_stream() {
  char absolute[longest_path];
  long stream;
  if (!path_in_overlay(AT_FDCWD, path(), absolute, sizeof absolute)) return invoke();
  return open_stream_in_memory(absolute, pointer<const char>(call_.third), stream) ? stream : invoke();
}

/// libc's realpath would follow an object's name to the memfd. So it gets only the directory, after the program's own
/// links have been followed.
long ShownCallInWords::resolve() {
  NameBuffer name;
  if (!path() || !*path() || !ends_within(path(), sizeof name)) return invoke();
  put(name, path());
  bool has_slashes = false;
  for (int links = 0; links < most_links; ++links) {
    const std::size_t length = length_before_last_slashes(name);
    has_slashes |= name[length] != '\0';
    name[length] = '\0';
    char text[longest_path];
    const long text_length = sys::readlinkat(AT_FDCWD, name, text, sizeof text - 1);
    if (text_length <= 0) return resolve_below_object(name);
    text[text_length] = '\0';
    store::ObjectName object;  // a link in /proc/PID/fd leads to one
    if (object_of_text(text, static_cast<std::size_t>(text_length), object)) {
      if (!find_name(object, -1, name)) return invoke();
      continue;
    }
    char* const last = const_cast<char*>(last_component(name));
    if (!is_memory_link(text, static_cast<std::size_t>(text_length))) {  // the program's own
      const std::size_t head = *text == '/' ? 0 : static_cast<std::size_t>(last - name);
      if (head + static_cast<std::size_t>(text_length) >= sizeof name) return invoke();
      put(name + head, text);
      continue;
    }
    struct stat found;
    if (sys::fstatat(AT_FDCWD, name, &found, 0) != 0) return invoke();
    if (has_slashes) return fail_with<long>(ENOTDIR), 0;
    put(text, last);
    *last = '\0';
    words_[call_.path - 1] = sys::word(*name ? name : ".");
    char* const directory = reinterpret_cast<char*>(invoke());
    char* const whole = directory ? append_name(directory, text) : nullptr;
    if (whole) errno = EINVAL;  // libc leaves it, because its last readlink has found a file
    return sys::word(whole);
  }
  return invoke();
}

/// Fails as libc does if a path goes on below a file. `name` has no slash at its end.
long ShownCallInWords::resolve_below_object(char* name) {
  const long result = invoke();
  if (result || errno != ENOENT) return result;
  for (char* end = name + length_of(name); end > name; --end) {
    if (*end != '/') continue;
    *end = '\0';
    if (is_memory_name(AT_FDCWD, name)) return fail_with<long>(ENOTDIR), 0;
  }
  return fail_with<long>(ENOENT), 0;
}

/// `directory` is what realpath has returned: in the caller's buffer, or in memory from malloc.
char* ShownCallInWords::append_name(char* directory, const char* name) {
  const std::size_t length = length_of(directory), name_length = length_of(name);
  char* const given = call_.third ? pointer<char>(call_.third) : nullptr;
  const bool is_root = length == 1;
  const std::size_t size = length + !is_root + name_length + 1;
  char* whole = directory;
  if (given ? size > PATH_MAX : !(whole = static_cast<char*>(realloc(directory, size)))) {
    if (!given) free(directory);
    return fail_with<char*>(given ? ENAMETOOLONG : ENOMEM);
  }
  char* at = whole + length;
  if (!is_root) *at++ = '/';
  put(at, name);
  return whole;
}

}  // namespace devshm
