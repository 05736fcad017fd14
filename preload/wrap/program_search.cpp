// SPDX-License-Identifier: MIT
#include "program_search.h"

#include <alloca.h>

#include "../settings.h"
#include "../sys.h"
#include "../text.h"
#include "path_argument.h"

namespace devshm {
namespace {

enum class Found : unsigned char { nothing, elsewhere, in_overlay };

/// What a path leads to: a program that may be executed, and where.
Found look_at(const char* path) {
  JudgedPath judged(path);
  std::size_t room = 0;
  if (judged.judge(room) != 0) return Found::nothing;
  char* memory = static_cast<char*>(alloca(room + 1));
  const char* real = judged.place(memory);
  struct stat found {};
  if (sys::fstatat(AT_FDCWD, real, &found, 0) != 0 || !S_ISREG(found.st_mode) || sys::access(real, X_OK) != 0)
    return Found::nothing;
  return judged.is_inside() ? Found::in_overlay : Found::elsewhere;
}

}  // namespace

std::size_t room_for_search(const char* file, const char* path) {
  if (!file || !*file || !path || __builtin_strchr(file, '/')) return 0;
  // An entry "shm" is one of /dev/shm only where the working directory is /dev; that too has the letters in it.
  if (!may_match(path) || !settings().active) return 0;
  return length_of(path) + 1 + length_of(file) + 1;
}

const char* find_program(const char* file, const char* path, char* memory) {
  for (const char* entry = path;;) {
    const char* end = entry;
    while (*end && *end != ':') ++end;
    const std::size_t length = static_cast<std::size_t>(end - entry);
    __builtin_memcpy(memory, entry, length);
    // An empty entry is the working directory.
    if (length) memory[length] = '/';
    __builtin_memcpy(memory + length + (length ? 1 : 0), file, length_of(file) + 1);
    switch (look_at(memory)) {
      case Found::in_overlay: return memory;
      case Found::elsewhere: return file;
      case Found::nothing: break;
    }
    if (!*end) return file;
    entry = end + 1;
  }
}

}  // namespace devshm
