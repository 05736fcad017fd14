// SPDX-License-Identifier: MIT
#include "creation_mask.h"

#include "sys.h"
#include "text.h"

namespace devshm {

mode_t creation_mask() {
  constexpr mode_t usual = 022;
  // Of the thread: it may have a mask of its own (unshare(2), CLONE_FS).
  const int fd = sys::openat(AT_FDCWD, "/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return usual;
  char text[128];  // it is in the second line
  const long size = sys::read(fd, text, sizeof text - 1);
  sys::close(fd);
  if (size <= 0) return usual;
  text[size] = '\0';
  const char* line = find_letter(text, '\n');
  if (!*line || !begins_with(line + 1, "Umask:\t")) return usual;
  mode_t mask = 0;
  for (const char* digit = line + sizeof "Umask:\t"; *digit >= '0' && *digit <= '7'; ++digit)
    mask = mask << 3 | static_cast<mode_t>(*digit - '0');
  return mask & 0777;
}

}  // namespace devshm
