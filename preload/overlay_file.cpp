// SPDX-License-Identifier: MIT
#include "overlay_file.h"

#include <alloca.h>
#include <limits.h>

#include "settings.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

constexpr long usual_length = 256;

/// Reads where a descriptor leads, at most `size` bytes of it, not terminated. Returns the length, or negative.
long read_location(int fd, char* out, std::size_t size) {
  Line<64> link;
  link.add("/proc/self/fd/").add(fd);
  return sys::readlink(link.c_str(), out, size);
}

}  // namespace

bool is_in_overlay(int fd) {
  const Settings& set = settings();
  if (!set.active) return false;
  // The kernel's own name for the backing directory: DEVSHM_DIR may lead through symbolic links.
  const int dir = sys::openat(AT_FDCWD, set.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (sys::failed(dir)) return false;
  // Rarely long, and the caller's stack may be small.
  char* name = static_cast<char*>(alloca(usual_length));
  long length = read_location(dir, name, usual_length);
  if (length == usual_length) {
    name = static_cast<char*>(alloca(PATH_MAX));
    length = read_location(dir, name, PATH_MAX);
  }
  sys::close(dir);
  if (length <= 0) return false;
  char* location = static_cast<char*>(alloca(static_cast<std::size_t>(length) + 1));
  const long seen = read_location(fd, location, static_cast<std::size_t>(length) + 1);
  if (seen < length || __builtin_memcmp(location, name, static_cast<std::size_t>(length)) != 0) return false;
  // One byte more was asked for: the path ends here, or goes on with a slash or " (deleted)".
  return seen == length || location[length] == '/' || location[length] == ' ';
}

}  // namespace devshm
