// SPDX-License-Identifier: MIT
#include "shown_path.h"

#include <errno.h>
#include <stdlib.h>

#include "../next_symbol.h"
#include "../reverse.h"
#include "../text.h"

namespace devshm {

char* show_path(char* path, const PathMemory& memory) {
  if (!path) return nullptr;
  const std::size_t length = length_of(path);
  const std::size_t prefix = backing_prefix(path, length, NameOf::path);
  if (!prefix) return path;
  const std::size_t shown = shown_length(length, prefix);
  char* place = path;
  int error = ENOMEM;
  if (memory.size && shown >= memory.size) {
    place = nullptr;
    error = memory.error;
  } else if (memory.is_from_malloc && shown > length) {
    place = static_cast<char*>(realloc(path, shown + 1));
  }
  if (!place) {
    if (memory.is_from_malloc) free(path);
    return fail_with<char*>(error);
  }
  put_shown(place, shown, place, length, prefix);
  place[shown] = '\0';
  return place;
}

}  // namespace devshm
