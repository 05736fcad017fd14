// SPDX-License-Identifier: MIT
#include "forward.h"

#include <alloca.h>
#include <errno.h>
#include <fcntl.h>

#include "../backing_dir.h"

namespace devshm {
namespace {

using WordFunction = long (*)(long, long, long, long, long, long);

bool has_failed(CallShape::Result kind, long value) {
  switch (kind) {
    case CallShape::integer: return static_cast<int>(value) == -1;
    case CallShape::word: return value == -1;
    default: return value == 0;
  }
}

}  // namespace

long forward_words(Slot& slot, CallShape shape, long a, long b, long c, long d, long e, long f) {
  long words[] = {a, b, c, d, e, f};
  JudgedPath paths[2];
  const auto for_each_path = [&](auto action) {
    for (unsigned i = 0; i < shape.path_count; ++i) action(paths[i], words[shape.paths[i].index], shape.paths[i]);
  };

  std::size_t room = 0;
  int error = 0;
  bool inside = false;
  for_each_path([&](JudgedPath& path, const long& word, const CallShape::PathAt& as) {
    const int base = as.at ? static_cast<int>((&word)[-1]) : AT_FDCWD;
    path = JudgedPath(reinterpret_cast<const char*>(word), base, static_cast<Role>(as.role));
    if (!error) error = path.judge(room);
    inside |= path.is_inside();
  });
  if (error) {
    errno = error;
    return shape.result == CallShape::pointer ? 0 : -1;
  }

  char* const memory = room ? static_cast<char*>(alloca(room)) : nullptr;
  const auto place_all = [&] {
    char* at = memory;
    for_each_path([&](JudgedPath& path, long& word, const auto&) { word = reinterpret_cast<long>(path.place(at)); });
  };
  void* known = slot.real.load(std::memory_order_relaxed);
  const auto real = reinterpret_cast<WordFunction>(known ? known : look_up(slot));
  const auto call = [&] { return real(words[0], words[1], words[2], words[3], words[4], words[5]); };

  place_all();
  for_each_path([&](const JudgedPath& path, const long&, const auto&) { path.log(slot.name()); });
  long value = call();
  if (inside && has_failed(shape.result, value) && errno == ENOENT && backing_dir_was_remade()) {
    place_all();  // once more: the failed call may have written to a pattern
    value = call();
  }
  for_each_path([&](const JudgedPath& path, const long&, const auto&) { path.settle(); });
  return value;
}

}  // namespace devshm
