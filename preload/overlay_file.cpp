// SPDX-License-Identifier: MIT
#include "overlay_file.h"

#include <alloca.h>
#include <errno.h>
#include <limits.h>

#include "backing_dir.h"
#include "descriptor_path.h"
#include "settings.h"
#include "shown_name.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

/// Goes up from a directory to the backing directory or the root. Takes ownership of the descriptor.
Location location_of_directory(int fd, struct stat here, const struct stat& backing_dir) {
  for (int level = 0; level < PATH_MAX / 2; ++level) {
    const sys::Descriptor at(fd);
    if (sys::is_same_file(here, backing_dir)) return Location::in_overlay;
    sys::Descriptor above(sys::openat(at.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    struct stat found;
    if (!above.is_open() || sys::fstat(above.get(), &found) != 0) return Location::unknown;
    if (sys::is_same_file(found, here)) return Location::outside;
    here = found;
    fd = above.release();
  }
  sys::close(fd);
  return Location::unknown;
}

/// Locates a file whose name is too long.
[[gnu::cold, gnu::noinline]] Location location_by_identity(int fd) {
  struct stat file, backing_dir;
  if (sys::fstatat(AT_FDCWD, settings().dir, &backing_dir, 0) != 0 || sys::fstat(fd, &file) != 0)
    return Location::outside;
  if (file.st_dev != backing_dir.st_dev) return Location::outside;
  if (!S_ISDIR(file.st_mode)) return Location::unknown;
  sys::Descriptor here(sys::openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  return here.is_open() ? location_of_directory(here.release(), file, backing_dir) : Location::unknown;
}

}  // namespace

Location location_of(int fd) {
  if (!backing_dir_is_used() || !settings().active) return Location::outside;
  // The beginning of a longer name is enough, with room to recognise a component boundary or " (deleted)" at the end.
  const std::size_t size = longest_backing_prefix() + sizeof " (deleted)";
  char* name = static_cast<char*>(alloca(size));
  const long length = sys::readlink(DescriptorPath(fd).c_str(), name, size);
  if (length == -ENAMETOOLONG) return location_by_identity(fd);
  // An object of the memory store.
  constexpr char memory[] = "/memfd:devshm:";
  if (length >= static_cast<long>(sizeof memory - 1) && begins_with(name, memory, sizeof memory - 1))
    return Location::in_overlay;
  const bool is_inside = length > 0 && backing_prefix(name, static_cast<std::size_t>(length), NameOf::open_file) != 0;
  return is_inside ? Location::in_overlay : Location::outside;
}

}  // namespace devshm
