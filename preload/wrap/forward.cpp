// SPDX-License-Identifier: MIT
#include "forward.h"

#include <alloca.h>
#include <errno.h>
#include <stdarg.h>

#include "../backing_dir.h"
#include "wrapper.h"

namespace devshm {
namespace {

constexpr int most_links = 40;  // the kernel's own limit

long run_real(const WordCall& call) {
  const long* w = call.words;
  return reinterpret_cast<WordFunction>(call.real)(w[0], w[1], w[2], w[3], w[4], w[5]);
}

}  // namespace

// One link at a time: whether the last component is followed only the call itself knows.
long WordCall::follow_links(long value, JudgedPath (&paths)[2]) {
  const unsigned count = places.count();
  for (int links = 0; has_failed_with_enoent(value); ++links) {
    std::size_t link_room = 0;
    for (unsigned i = 0; i < count; ++i) link_room += paths[i].find_link(count == 1);
    if (!link_room) break;
    // Once more as they were: the failed call may have written to a pattern.
    place(paths, paths[0].is_rewritten() ? paths[0].placed() : paths[1].placed());
    if (links == most_links) return fail(ELOOP);
    char* at = static_cast<char*>(alloca(link_room));
    bool followed = false;
    std::size_t room = 0;
    for (unsigned i = 0; i < count; ++i) {
      followed |= paths[i].follow(at);
      room += paths[i].placed_size();
    }
    if (!followed) break;
    // What was followed has room. NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI)
    place(paths, static_cast<char*>(alloca(room)));
    value = run(*this);
  }
  return value;
}

long WordCall::make() {
  if (crosses_boundary()) return fail(EXDEV);
  const unsigned count = places.count();
  JudgedPath paths[2];
  const auto for_each_path = [&](auto action) {
    for (unsigned i = 0; i < count; ++i) action(paths[i], words[places.of[i].index]);
  };

  std::size_t room = 0;
  bool inside = false;
  for (unsigned i = 0; i < count; ++i) {
    paths[i] = JudgedPath(path(i), base(i), role(i));
    if (const int error = paths[i].judge(room)) return fail(error);
    inside |= paths[i].is_inside();
  }

  char* const memory = room ? static_cast<char*>(alloca(room)) : nullptr;
  place(paths, memory);
  for_each_path(
      [&](const JudgedPath& path, const long&) { path.log(function.name()); });  // before: exec does not return
  long value = run(*this);
  if (inside && has_failed_with_enoent(value) && backing_dir_was_remade()) {
    place(paths, memory);  // once more: the failed call may have written to a pattern
    value = run(*this);
  }
  if (inside && has_failed_with_enoent(value)) value = follow_links(value, paths);
  for_each_path([&](const JudgedPath& path, const long&) { path.settle(); });
  return value;
}

WORDS_ONLY long forward_words(Slot& slot, const RealFunction& real, PathPlaces places, ...) {
  WordCall call{.function = real, .places = places, .words = {}, .run = run_real, .real = find(slot, real)};
  va_list rest;
  va_start(rest, places);
  for (long& word : call.words) word = va_arg(rest, long);
  va_end(rest);
  return call.make();
}

}  // namespace devshm

// Called by entry_<architecture>.S.
extern "C" [[gnu::used]] long devshm_forward(devshm::Slot& slot, const devshm::Wrapper& wrapper, const long (&w)[6]) {
  return devshm::forward_words(slot, wrapper.real, wrapper.places, w[0], w[1], w[2], w[3], w[4], w[5]);
}
