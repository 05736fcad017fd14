// SPDX-License-Identifier: MIT
#include "shown_path.h"

#include <errno.h>
#include <stdlib.h>

#include <atomic>

#include "../backing_dir.h"
#include "../shown_name.h"
#include "../sys.h"
#include "../text.h"
#include "function.h"

namespace devshm {

char* show_path(char* path, const PathMemory& memory) {
  if (!path) return nullptr;
  const std::size_t length = length_of(path);
  const std::size_t prefix = backing_prefix(path, length, NameOf::path);
  if (!prefix) return path;
  note_that_backing_dir_is_used();  // it may be the working directory that this program was started in
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

namespace {

struct LastingPath {
  LastingPath* next;
  char* text() { return reinterpret_cast<char*>(this + 1); }
};

constinit std::atomic<LastingPath*> lasting{nullptr};

}  // namespace

char* lasting_shown_path(const char* path) {
  const std::size_t length = path ? length_of(path) : 0;
  const std::size_t prefix = length ? backing_prefix(path, length, NameOf::path) : 0;
  if (!prefix) return nullptr;
  const char* rest = path + prefix;
  LastingPath* const first = lasting.load(std::memory_order_acquire);
  for (LastingPath* known = first; known; known = known->next)
    if (same(known->text() + shown_dir_length, rest)) return known->text();
  auto* fresh = static_cast<LastingPath*>(sys::allocate(sizeof(LastingPath) + shown_length(length, prefix) + 1));
  if (!fresh) return nullptr;
  put(put(fresh->text(), shown_dir), rest);
  fresh->next = first;
  // If two threads come at once, a path may be stored twice, which does no harm.
  while (!lasting.compare_exchange_weak(fresh->next, fresh, std::memory_order_acq_rel)) continue;
  return fresh->text();
}

}  // namespace devshm
