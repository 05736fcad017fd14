// SPDX-License-Identifier: MIT
//
// Wraps readlink, realpath and the like: shows where a link leads, and the full name of a path.
//
// readlink returns the text of a link. For an ordinary link that is the program's own data, and is returned unchanged.
// For the links of procfs (/proc/self/fd/3, /proc/self/cwd, /proc/self/map_files/...) it is a name that the kernel has
// just made, and is shown as the program knows it.
#include <alloca.h>
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

#include "../memory.h"
#include "../object_names.h"
#include "../roomy_stack.h"
#include "../settings.h"
#include "../shown_name.h"
#include "../sys.h"
#include "../text.h"
#include "shown_path.h"
#include "stat_path.h"
#include "wrapper.h"

extern "C" {
ssize_t __readlink_chk(const char*, char*, size_t, size_t);
ssize_t __readlinkat_chk(int, const char*, char*, size_t, size_t);
char* __realpath_chk(const char*, char*, size_t);
}

namespace devshm {

namespace {

/// The rest of a longer name is zeroed: programs that do not terminate the text themselves have filled their buffer
/// with zeros.
void zero_rest(char* out, std::size_t length, std::size_t seen) {
  for (std::size_t i = length; i < seen; ++i) out[i] = '\0';
}

/// Whether a link is one of the links of /proc. The device shows it, without a descriptor that the program could see.
[[gnu::cold]] bool is_magic_link(int dir, const char* path) {
  struct statfs fs;
  struct stat proc, link;
  return sys::statfs("/proc", &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC &&
         sys::fstatat(AT_FDCWD, "/proc", &proc, 0) == 0 &&
         stat_path(dir, path, &link, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) == 0 && link.st_dev == proc.st_dev;
}

/// The caller's buffer is full, so there may be more. The beginning of the shown name may need more of the real one
/// than the program has asked for, so the link is read again, and no more of it than necessary.
[[gnu::cold]] ssize_t show_cut_link(int dir, const char* path, char* out, std::size_t size, ssize_t length) {
  const std::size_t enough = longest_backing_prefix() + std::max(size, sizeof " (deleted)");
  const std::size_t own_size = std::min<std::size_t>(enough, PATH_MAX);
  char* name = static_cast<char*>(alloca(own_size));
  const ssize_t seen = NEXT(readlinkat, path_at, 2).rewrite(dir, path, name, own_size);
  if (seen <= 0) return length;
  const auto name_length = static_cast<std::size_t>(seen);
  const std::size_t prefix = backing_prefix(name, name_length, NameOf::open_file);
  return prefix ? static_cast<ssize_t>(put_shown(out, size, name, name_length, prefix)) : length;
}

/// Whether a link with this text is the name of an object. If the text is cut, the link is read again.
bool is_object_name(int dir, const char* path, const char* text, std::size_t length, bool cut) {
  if (!cut) return is_memory_link(text, length);
  char whole[160];
  const int error = errno;
  const ssize_t whole_length = NEXT(readlinkat, path_at, 2).rewrite(dir, path, whole, sizeof whole);
  errno = error;
  return whole_length > 0 && is_memory_link(whole, static_cast<std::size_t>(whole_length));
}

/// The number of the descriptor in a path that ends as /proc/PID/fd/N does; -1 if it does not.
int descriptor_in(const char* path) {
  int number = 0;
  const char* digit = last_component(path);
  if (!*digit) return -1;
  for (; *digit; ++digit) {
    if (*digit < '0' || *digit > '9' || number > INT_MAX / 10 - 1) return -1;
    number = number * 10 + (*digit - '0');
  }
  return number;
}

/// Replaces the `length` bytes that readlink has written. `fd`: as find_name() takes it.
ssize_t show_object_name(const store::ObjectName& object, int fd, char* out, std::size_t size, ssize_t length) {
  NameBuffer name;
  std::size_t name_length = find_name(object, fd, name);
  if (!name_length) {
    constexpr char deleted[] = " (deleted)";
    name_length = remembered_name(fd, name, sizeof name - sizeof deleted);
    if (!name_length) return length;
    name_length = static_cast<std::size_t>(put(name + name_length, deleted) - name);
  }
  const std::size_t prefix = backing_prefix(name, name_length, NameOf::open_file);
  if (!prefix) return length;
  const std::size_t shown_size = put_shown(out, size, name, name_length, prefix);
  zero_rest(out, shown_size, static_cast<std::size_t>(length));
  return static_cast<ssize_t>(shown_size);
}

/// Shows an object by the name that leads to it, or has led to it.
[[gnu::cold, gnu::noinline]] ssize_t show_object(int dir, const char* path, char* out, std::size_t size,
                                                 ssize_t length) {
  char text[80];
  store::ObjectName object;
  const int error = errno;
  const ssize_t text_length = NEXT(readlinkat, path_at, 2).rewrite(dir, path, text, sizeof text);
  errno = error;
  if (text_length <= 0 || !object_of_text(text, static_cast<std::size_t>(text_length), object)) return length;
  if (!is_magic_link(dir, path)) return length;
  return with_room([&] { return show_object_name(object, descriptor_in(path), out, size, length); });
}

/// After a readlink that has written `length` bytes, beginning with a slash, to the caller's `size`.
[[gnu::cold, gnu::noinline]] ssize_t show_link(int dir, const char* path, char* out, std::size_t size, ssize_t length) {
  const auto seen = static_cast<std::size_t>(length);
  const bool cut = seen >= size;
  constexpr char memfd[] = "/memfd:devshm:";
  constexpr std::size_t memfd_length = sizeof memfd - 1;
  if (seen >= memfd_length && begins_with(out, memfd, memfd_length)) return show_object(dir, path, out, size, length);
  // To the program an object's name is a file, not a link.
  if (settings().store == Store::memory && is_object_name(dir, path, out, seen, cut)) return fail_with<ssize_t>(EINVAL);
  const std::size_t prefix = cut ? 0 : backing_prefix(out, seen, NameOf::open_file);
  if (cut ? !may_begin_in_backing_dir(out, seen) : !prefix) return length;
  const int error = errno;
  if (is_magic_link(dir, path)) {
    length = cut ? show_cut_link(dir, path, out, size, length)
                 : static_cast<ssize_t>(put_shown(out, size, out, seen, prefix));
    zero_rest(out, static_cast<std::size_t>(length), seen);
  }
  errno = error;
  return length;
}

[[gnu::always_inline]] inline ssize_t shown(int dir, const char* path, char* out, std::size_t size, ssize_t length) {
  return length > 0 && *out == '/' ? show_link(dir, path, out, size, length) : length;
}

ssize_t read_link(const char* path, char* out, std::size_t size) {
  return shown(AT_FDCWD, path, out, size, NEXT(readlink, path, 1).forward(path, out, size));
}
ssize_t read_link_at(int dir, const char* path, char* out, std::size_t size) {
  return shown(dir, path, out, size, NEXT(readlinkat, path_at, 2).forward(dir, path, out, size));
}

/// What realpath has found, in the caller's buffer of PATH_MAX bytes or in memory from malloc.
[[gnu::cold, gnu::noinline]] char* show_resolved(char* found, char* out) {
  const PathMemory memory{!out, out ? PATH_MAX : 0u, ENAMETOOLONG};
  if (found) return show_path(found, memory);
  // glibc leaves in the buffer how far it got: up to and including the component that is missing, or that can't be
  // entered.
  const int error = errno;
  if (out && (error == ENOENT || error == EACCES) && *out == '/' && ends_within(out, PATH_MAX)) show_path(out, memory);
  errno = error;
  return nullptr;
}

char* resolve(const char* path, char* out) { return show_resolved(NEXT(realpath, path, 1).rewrite(path, out), out); }

}  // namespace

EXPORT ssize_t readlink(const char* path, char* out, size_t size) NOTHROW { return read_link(path, out, size); }
EXPORT ssize_t readlinkat(int dir, const char* path, char* out, size_t size) NOTHROW {
  return read_link_at(dir, path, out, size);
}
INNER_NAME(readlink);
INNER_NAME(readlinkat);
EXPORT char* realpath(const char* path, char* out) NOTHROW { return resolve(path, out); }
EXPORT char* canonicalize_file_name(const char* path) NOTHROW {
  return show_resolved(NEXT(canonicalize_file_name, path, 1).rewrite(path), nullptr);
}

// _FORTIFY_SOURCE: libc's functions end the program if the buffer is too small.
EXPORT ssize_t __readlink_chk(const char* path, char* out, size_t size, size_t room) {
  return size > room ? NEXT(__readlink_chk)(path, out, size, room) : read_link(path, out, size);
}
EXPORT ssize_t __readlinkat_chk(int dir, const char* path, char* out, size_t size, size_t room) {
  return size > room ? NEXT(__readlinkat_chk)(dir, path, out, size, room) : read_link_at(dir, path, out, size);
}
EXPORT char* __realpath_chk(const char* path, char* out, size_t room) {
  return room < PATH_MAX ? NEXT(__realpath_chk)(path, out, room) : resolve(path, out);
}

}  // namespace devshm
