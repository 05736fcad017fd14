// SPDX-License-Identifier: MIT
#include "memory_room.h"

#include "memory_size.h"
#include "settings.h"
#include "store/make_root.h"
#include "store/usage.h"

namespace devshm {
namespace {

bool has_limit(const Amount& amount) { return amount.bytes || amount.percent; }

store::Usage usage() { return store::usage_of(store::own_root(settings().dir)); }

Bytes difference(Bytes a, Bytes b) { return a > b ? a - b : 0; }

}  // namespace

Room memory_room() {
  const Amount& limit = settings().size;
  Room room;
  room.total = has_limit(limit) ? bytes_of(limit) : total_memory() / 2;
  room.in_use = usage().resident;
  const Bytes left = difference(room.total, room.in_use), available = available_memory();
  room.available = left < available ? left : available;
  return room;
}

Bytes room_to_grow() {
  const Amount& limit = settings().size;
  return has_limit(limit) ? difference(bytes_of(limit), usage().size) : ~0ull;
}

}  // namespace devshm
