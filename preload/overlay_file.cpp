// SPDX-License-Identifier: MIT
#include "overlay_file.h"

#include <alloca.h>

#include "reverse.h"
#include "settings.h"
#include "sys.h"
#include "text.h"

namespace devshm {

bool is_in_overlay(int fd) {
  if (!settings().active) return false;
  Line<32> link;
  link.add("/proc/self/fd/").add(fd);
  // Of a longer name the beginning will do, with what tells a boundary or the end of " (deleted)".
  const std::size_t size = longest_backing_prefix() + sizeof " (deleted)";
  char* name = static_cast<char*>(alloca(size));
  const long length = sys::readlink(link.c_str(), name, size);
  return length > 0 && backing_prefix(name, static_cast<std::size_t>(length), NameOf::open_file) != 0;
}

}  // namespace devshm
