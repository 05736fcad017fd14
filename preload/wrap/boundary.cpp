// SPDX-License-Identifier: MIT
#include "boundary.h"

#include <alloca.h>
#include <errno.h>

#include "../overlay_file.h"
#include "../settings.h"
#include "../sys.h"
#include "../text.h"
#include "path_argument.h"

namespace devshm {
namespace {

enum class Side : unsigned char { unknown, in_overlay, outside };

Side side_of(int fd) {
  if (sys::failed(fd)) return Side::unknown;
  const Side side = is_in_overlay(fd) ? Side::in_overlay : Side::outside;
  sys::close(fd);
  return side;
}

/// A name as the kernel will see it.
struct Name {
  int base;
  const char* path;
};

/// On which side the directory is that holds the name.
Side side_of_parent(const Name& name) {
  std::size_t length = length_of(name.path);
  while (length && name.path[length - 1] == '/') --length;
  while (length && name.path[length - 1] != '/') --length;
  char* parent = static_cast<char*>(alloca(length + 2));
  __builtin_memcpy(parent, name.path, length);
  parent[length] = '\0';
  if (!length) __builtin_memcpy(parent, ".", 2);
  return side_of(sys::openat(name.base, parent, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

Side side_of_file(const Name& name, int flags) {
  if (!*name.path && flags & AT_EMPTY_PATH) return is_in_overlay(name.base) ? Side::in_overlay : Side::outside;
  const int follow = flags & AT_SYMLINK_FOLLOW ? 0 : O_NOFOLLOW;
  return side_of(sys::openat(name.base, name.path, O_PATH | O_CLOEXEC | follow));
}

/// Whether a link could be made by this name: it is not there, and the kernel has nothing else against it.
bool is_free(const Name& name) {
  struct stat found;
  return sys::fstatat(name.base, name.path, &found, AT_SYMLINK_NOFOLLOW) == -ENOENT &&
         name.path[length_of(name.path) - 1] != '/';
}

bool differ(Side a, Side b) { return a != Side::unknown && b != Side::unknown && a != b; }

/// Whether two names, as the kernel will see them, are on different sides.
using Differ = bool (*)(const Name& from, const Name& to, int flags);

bool parents_differ(const Name& from, const Name& to, int) { return differ(side_of_parent(from), side_of_parent(to)); }

bool link_differs(const Name& from, const Name& to, int flags) {
  return is_free(to) && differ(side_of_file(from, flags), side_of_parent(to));
}

/// Whether the name's text does not say on which side it is: it starts where the program is, or a descriptor of its.
bool is_hidden(const JudgedPath& judged, const char* path) { return !judged.is_inside() && *path != '/'; }

/// Judges both paths, and asks about them as the kernel will see them where their texts do not settle it already.
bool cross(Differ differ_on, int from_base, const char* from, int to_base, const char* to, int flags) {
  if (!from || !to || !*to) return false;
  JudgedPath judged[] = {JudgedPath(from, from_base), JudgedPath(to, to_base)};
  std::size_t room = 0;
  for (JudgedPath& path : judged)
    if (path.judge(room) != 0) return false;
  const bool hidden[] = {is_hidden(judged[0], from), is_hidden(judged[1], to)};
  const bool told = hidden[0] == hidden[1] && (!hidden[0] || from_base == to_base);
  if (told && !(flags & AT_SYMLINK_FOLLOW) && judged[0].is_inside() == judged[1].is_inside()) return false;
  char* memory = static_cast<char*>(alloca(room));
  const Name names[] = {{from_base, judged[0].place(memory)}, {to_base, judged[1].place(memory)}};
  return differ_on(names[0], names[1], flags);
}

/// /dev/shm itself can't be renamed. What the kernel has to say first, of the other name say, it says for this one too.
const char* as_renamed(int base, const char* path) {
  JudgedPath judged(path, base);
  std::size_t room = 0;
  return judged.judge(room) == 0 && judged.is_overlay_root() ? "/dev/." : path;
}

}  // namespace

bool renames_across(int from_base, const char*& from, int to_base, const char*& to) {
  from = as_renamed(from_base, from);
  to = as_renamed(to_base, to);
  if (from && !*from) return false;
  return cross(parents_differ, from_base, from, to_base, to, 0);
}

bool links_across(int from_base, const char* from, int to_base, const char* to, int flags) {
  return cross(link_differs, from_base, from, to_base, to, flags);
}

}  // namespace devshm
