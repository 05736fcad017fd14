// SPDX-License-Identifier: MIT
#include "next_symbol.h"

#include "loaded_objects.h"
#include "stand_ins.h"

namespace devshm {
namespace {

struct Search {
  const char* name;
  bool past_ourselves;
  const void* found;
};

bool visit_startup_object(const LoadedObject& object, void* data) {
  auto& search = *static_cast<Search*>(data);
  if (!search.past_ourselves) {
    search.past_ourselves = is_ourselves(object);
    return false;
  }
  search.found = defined_in(object, search.name);
  return search.found || is_libc(object);
}

bool visit_any_object(const LoadedObject& object, void* data) {
  auto& search = *static_cast<Search*>(data);
  if (!is_ourselves(object)) search.found = defined_in(object, search.name);
  return search.found != nullptr;
}

// In the place of a function that this libc does not have and that has no stand-in. -1 is right as an int and as a
// long.
long missing() { return fail_with<long>(ENOSYS); }
void* missing_pointer() { return fail_with<void*>(ENOSYS); }
int missing_as_result() { return ENOSYS; }

void* missing_function(Failure failure) {
  switch (failure) {
    case Failure::null: return reinterpret_cast<void*>(missing_pointer);
    case Failure::error_number: return reinterpret_cast<void*>(missing_as_result);
    default: return reinterpret_cast<void*>(missing);
  }
}

}  // namespace

void* next_definition(const char* name, bool late) {
  Search search{name, false, nullptr};
  for_each_from_start(visit_startup_object, &search);
  if (!search.found && late) for_each_loaded(visit_any_object, &search);
  return const_cast<void*>(search.found);
}

void* find(Slot& slot, const RealFunction& real) {
  if (void* known = slot.load(std::memory_order_relaxed)) return known;
  void* found = next_definition(real.name(), real.late());
  if (!found) found = stand_in(real.name());
  if (!found) return missing_function(real.failure());
  slot.store(found, std::memory_order_relaxed);
  return found;
}

}  // namespace devshm
