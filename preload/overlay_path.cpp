// SPDX-License-Identifier: MIT
#include "overlay_path.h"

#include "shown_name.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

bool climbs(const char* path) {
  for (const char* at = path; *at;) {
    if (at[0] == '.' && at[1] == '.' && (at[2] == '/' || at[2] == '\0')) return true;
    at = find_letter(at, '/');
    while (*at == '/') ++at;
  }
  return false;
}

}  // namespace

std::size_t path_in_overlay(int dir, const char* path, char* out, std::size_t size) {
  if (!path || !*path || *path == '/' || climbs(path)) return 0;
  Line<32> link;
  if (dir == AT_FDCWD)
    link.add("/proc/self/cwd");
  else
    link.add("/proc/self/fd/").add(dir);
  const long length = sys::readlink(link.c_str(), out, size);
  const std::size_t path_length = length_of(path);
  if (length <= 0 || static_cast<std::size_t>(length) + 1 + path_length >= size) return 0;
  if (!backing_prefix(out, static_cast<std::size_t>(length), NameOf::path)) return 0;
  out[length] = '/';
  put(out + length + 1, path);
  return static_cast<std::size_t>(length) + 1 + path_length;
}

}  // namespace devshm
