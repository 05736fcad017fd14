// SPDX-License-Identifier: MIT
#include "forward.h"

#include <alloca.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

#include "../backing_dir.h"
#include "../sys.h"
#include "boundary.h"

namespace devshm {
namespace {

constexpr int most_links = 40;  // the kernel's own limit

long run_real(const WordCall& call) {
  const long* w = call.words;
  return reinterpret_cast<WordFunction>(call.real)(w[0], w[1], w[2], w[3], w[4], w[5]);
}

}  // namespace

bool WordCall::has_failed_with_enoent(long value) const {
  switch (function.failure()) {
    case Failure::minus_one: return static_cast<int>(value) == -1 && errno == ENOENT;
    case Failure::minus_one_long: return value == -1 && errno == ENOENT;
    case Failure::null: return value == 0 && errno == ENOENT;
    case Failure::none: return false;
    default: return static_cast<int>(value) == ENOENT;
  }
}

long WordCall::fail(int error) const {
  if (function.failure() == Failure::error_number) return error;
  errno = error;
  return function.failure() == Failure::null ? 0 : -1;
}

void WordCall::place(JudgedPath (&paths)[2], char* memory) {
  const unsigned count = places.count();
  for (unsigned i = 0; i < count; ++i) words[places.of[i].index] = reinterpret_cast<long>(paths[i].place(memory));
}

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

Role WordCall::role(unsigned number) const {
  const PathPlace place = places.of[number];
  if (place.role != Role::unlinked) return place.role;
  // With a flag that the kernel does not know it has an answer of its own.
  return static_cast<int>(words[place.index + 1]) == AT_REMOVEDIR ? Role::removed : Role::named;
}

bool WordCall::crosses_boundary() {
  const Role role = places.of[0].role;
  if (role != Role::moved && role != Role::linked) return false;
  const char* from = path(0);
  const char* to = path(1);
  if (!may_match(from) && !may_match(to)) return false;
  const int from_base = base(0), to_base = base(1);
  if (role == Role::moved) {
    if (renames_across(from_base, from, to_base, to)) return true;
    words[places.of[0].index] = sys::word(from);
    words[places.of[1].index] = sys::word(to);
    return false;
  }
  // linkat has its flags behind the paths.
  return links_across(from_base, from, to_base, to, places.of[0].base == Base::none ? 0 : static_cast<int>(words[4]));
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
