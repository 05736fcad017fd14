// SPDX-License-Identifier: MIT
#include "examined_path.h"

#include <alloca.h>

#include "../settings.h"
#include "../sys.h"

namespace devshm {

bool is_inside(const char* path) {
  if (!settings().active) return false;
  std::size_t room = 0;
  JudgedPath judged(path);
  if (judged.judge(room) != 0) return false;
  char* memory = static_cast<char*>(alloca(room));
  const int fd = sys::openat(AT_FDCWD, judged.place(memory), O_PATH | O_CLOEXEC);
  if (sys::failed(fd)) return false;
  const bool inside = is_in_overlay(fd);
  sys::close(fd);
  return inside;
}

}  // namespace devshm
