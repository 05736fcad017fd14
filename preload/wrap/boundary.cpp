// SPDX-License-Identifier: MIT
#include "boundary.h"

#include <alloca.h>
#include <errno.h>

#include "../overlay_file.h"
#include "../sys.h"
#include "../text.h"

namespace devshm {
namespace {

enum class Side : unsigned char { unknown, in_overlay, outside };

Side side_of(int fd) { return is_in_overlay(fd) ? Side::in_overlay : Side::outside; }

Side side_of(const sys::Descriptor& file) { return file.is_open() ? side_of(file.get()) : Side::unknown; }

/// On which side the directory is that holds the name.
Side side_of_parent(const JudgedPath& name) {
  const char* path = name.placed();
  std::size_t length = length_of(path);
  while (length && path[length - 1] == '/') --length;
  while (length && path[length - 1] != '/') --length;
  char* parent = static_cast<char*>(alloca(length + 2));
  __builtin_memcpy(parent, path, length);
  parent[length] = '\0';
  if (!length) __builtin_memcpy(parent, ".", 2);
  return side_of(sys::Descriptor(sys::openat(name.base(), parent, O_PATH | O_DIRECTORY | O_CLOEXEC)));
}

Side side_of_file(const JudgedPath& name, int flags) {
  if (!*name.placed() && flags & AT_EMPTY_PATH) return side_of(name.base());
  const int follow = flags & AT_SYMLINK_FOLLOW ? 0 : O_NOFOLLOW;
  return side_of(sys::Descriptor(sys::openat(name.base(), name.placed(), O_PATH | O_CLOEXEC | follow)));
}

/// Whether a link could be made by this name: it is not there, and the kernel has nothing else against it.
bool is_free(const JudgedPath& name) {
  struct stat found;
  return sys::fstatat(name.base(), name.placed(), &found, AT_SYMLINK_NOFOLLOW) == -ENOENT &&
         name.placed()[length_of(name.placed()) - 1] != '/';
}

bool differ(Side a, Side b) { return a != Side::unknown && b != Side::unknown && a != b; }

}  // namespace

bool may_cross_boundary(const JudgedPath& from, const JudgedPath& to, int flags) {
  if (!from.text() || !to.text() || !*to.text()) return false;
  if (from.role() == Role::moved && !*from.text()) return false;
  const bool start_together =
      from.starts_elsewhere() == to.starts_elsewhere() && (!from.starts_elsewhere() || from.base() == to.base());
  return !start_together || flags & AT_SYMLINK_FOLLOW || from.is_inside() != to.is_inside();
}

bool renames_across(const JudgedPath& from, const JudgedPath& to) {
  return may_cross_boundary(from, to, 0) && differ(side_of_parent(from), side_of_parent(to));
}

bool links_across(const JudgedPath& from, const JudgedPath& to, int flags) {
  return may_cross_boundary(from, to, flags) && is_free(to) && differ(side_of_file(from, flags), side_of_parent(to));
}

}  // namespace devshm
