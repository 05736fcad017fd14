// SPDX-License-Identifier: MIT
#include "memory_room.h"

#include "memory_size.h"
#include "roomy_stack.h"
#include "settings.h"
#include "store/make_root.h"
#include "store/usage.h"
#include "sys.h"

namespace devshm {
namespace {

bool has_limit(const Amount& amount) { return amount.bytes || amount.percent; }

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
    room.total = has_limit(limit) ? bytes_of(limit) : total_memory() / 2;
    room.in_use = usage().resident;
    const Bytes left = difference(room.total, room.in_use), available = available_memory();
    room.available = left < available ? left : available;
    return room;
  });
}

Bytes room_to_grow() {
  const Amount& limit = settings().size;
  if (!has_limit(limit)) return ~0ull;
  return with_room([&] { return difference(bytes_of(limit), usage().size); });
}

}  // namespace devshm
