// SPDX-License-Identifier: MIT
#include "memory_room.h"

#include "memory_size.h"
#include "roomy_stack.h"
#include "settings.h"
#include "store/ask.h"
#include "store/make_root.h"
#include "store/usage.h"
#include "sys.h"

namespace devshm {
namespace {

store::Usage usage() {
  const store::Root root = store::own_root(settings().dir);
  return store::look_at_root(root, sys::geteuid()) == 0 ? store::usage_of(root) : store::Usage();
}

Bytes difference(Bytes a, Bytes b) { return a > b ? a - b : 0; }

}  // namespace

Room memory_room() {
  return with_room([] {
    const Amount& limit = settings().size;
    Room room = {};
    room.total = limit.is_given() ? bytes_of(limit) : total_memory() / 2;
    room.in_use = usage().resident;
    const Bytes left = difference(room.total, room.in_use), available = available_memory();
    room.available = left < available ? left : available;
    return room;
  });
}

bool has_room_for(Bytes more) {
  const Amount& limit = settings().size;
  if (!limit.is_given()) return true;
  return with_room([&] {
    const auto has_it = [&] { return more <= difference(bytes_of(limit), usage().size); };
    // The keeper may still hold what has just been removed. When it is asked for something, it looks first.
    return has_it() || (store::ask_for_refill(store::own_root(settings().dir)) == 0 && has_it());
  });
}

}  // namespace devshm
