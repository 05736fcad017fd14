// SPDX-License-Identifier: MIT
//
// What a call as words (forward.h) needs before and after it is made. Apart from forward.cpp because nothing unwinds
// through here.
#include <errno.h>
#include <fcntl.h>

#include "../sys.h"
#include "boundary.h"
#include "forward.h"

namespace devshm {

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

}  // namespace devshm
