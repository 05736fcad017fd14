// SPDX-License-Identifier: MIT
#include "boundary.h"

#include <alloca.h>
#include <errno.h>

#include "../backing_dir.h"
#include "../overlay_file.h"
#include "../sys.h"
#include "../text.h"

namespace devshm {
namespace {

Location location_of(const sys::Descriptor& file) {
  return file.is_open() ? devshm::location_of(file.get()) : Location::unknown;
}

/// Which side the directory that holds the name is on.
Location location_of_parent(const JudgedPath& name) {
  const char* path = name.placed();
  const auto length = static_cast<std::size_t>(last_component(path, path + length_before_last_slashes(path)) - path);
  char* parent = static_cast<char*>(alloca(length + 2));
  __builtin_memcpy(parent, path, length);
  parent[length] = '\0';
  if (!length) __builtin_memcpy(parent, ".", 2);
  return location_of(sys::Descriptor(sys::openat(name.base(), parent, O_PATH | O_DIRECTORY | O_CLOEXEC)));
}

/// Which side a file to be linked is on: that of its name, unless the name leads elsewhere.
Location location_of_file(const JudgedPath& name, int flags) {
  if (!*name.placed() && flags & AT_EMPTY_PATH) return devshm::location_of(name.base());
  const int follow = flags & AT_SYMLINK_FOLLOW ? 0 : O_NOFOLLOW;
  const sys::Descriptor file(sys::openat(name.base(), name.placed(), O_PATH | O_CLOEXEC | follow));
  const Location location = location_of(file);
  return file.is_open() && follow && location == Location::unknown ? location_of_parent(name) : location;
}

/// Whether a link could be created under this name: it does not exist, and the kernel has no other objection.
bool is_free(const JudgedPath& name) {
  struct stat found;
  return sys::fstatat(name.base(), name.placed(), &found, AT_SYMLINK_NOFOLLOW) == -ENOENT &&
         name.placed()[length_of(name.placed()) - 1] != '/';
}

bool differ(Location a, Location b) { return a != Location::unknown && b != Location::unknown && a != b; }

}  // namespace

bool may_cross_boundary(const JudgedPath& from, const JudgedPath& to, int flags) {
  if (!from.text() || !to.text() || !*to.text()) return false;
  if (!backing_dir_is_used() && !from.is_inside() && !to.is_inside()) return false;
  if (from.role() == Role::moved && !*from.text()) return false;
  const bool start_together =
      from.starts_elsewhere() == to.starts_elsewhere() && (!from.starts_elsewhere() || from.base() == to.base());
  return !start_together || flags & AT_SYMLINK_FOLLOW || from.is_inside() != to.is_inside();
}

bool renames_across(const JudgedPath& from, const JudgedPath& to) {
  return may_cross_boundary(from, to, 0) && differ(location_of_parent(from), location_of_parent(to));
}

bool links_across(const JudgedPath& from, const JudgedPath& to, int flags) {
  return may_cross_boundary(from, to, flags) && is_free(to) &&
         differ(location_of_file(from, flags), location_of_parent(to));
}

}  // namespace devshm
