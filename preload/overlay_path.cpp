// SPDX-License-Identifier: MIT
#include "overlay_path.h"

#include <alloca.h>

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

void put_link_to(int dir, LineWriter& out) {
  if (dir == AT_FDCWD)
    out.add("/proc/self/cwd");
  else
    out.add("/proc/self/fd/").add(dir);
}

}  // namespace

std::size_t path_in_overlay(int dir, const char* path, char* out, std::size_t size) {
  if (!path || !*path || *path == '/' || climbs(path)) return 0;
  Line<32> link;
  put_link_to(dir, link);
  const long length = sys::readlink(link.c_str(), out, size);
  const std::size_t path_length = length_of(path);
  if (length <= 0 || static_cast<std::size_t>(length) + 1 + path_length >= size) return 0;
  if (!backing_prefix(out, static_cast<std::size_t>(length), NameOf::path)) return 0;
  out[length] = '/';
  put(out + length + 1, path);
  return static_cast<std::size_t>(length) + 1 + path_length;
}

bool starts_in_overlay(int dir, const char* path) {
  if (!path || !*path || *path == '/') return false;
  Line<32> link;
  put_link_to(dir, link);
  // The beginning is enough, with the next letter, which shows whether the prefix ends there.
  const std::size_t size = longest_backing_prefix() + 1;
  char* const name = static_cast<char*>(alloca(size));
  const long length = sys::readlink(link.c_str(), name, size);
  return length > 0 && backing_prefix(name, static_cast<std::size_t>(length), NameOf::path) != 0;
}

}  // namespace devshm
