// SPDX-License-Identifier: MIT
#include "function.h"

#include "../memory.h"
#include "../stand_ins.h"
#include "showing_files.h"

namespace devshm {
namespace {

// These replace a function that this libc does not have and that has no stand-in. -1 is correct as an int and as a
// long.
long missing() { return fail_with<long>(ENOSYS); }
void* missing_pointer() { return fail_with<void*>(ENOSYS); }
int missing_with_error_number() { return ENOSYS; }

void* missing_function(Failure failure) {
  switch (failure) {
    case Failure::null:
    case Failure::null_alone: return reinterpret_cast<void*>(missing_pointer);
    case Failure::error_number: return reinterpret_cast<void*>(missing_with_error_number);
    default: return reinterpret_cast<void*>(missing);
  }
}

}  // namespace

void* look_up(Slot& slot, const Function& function) {
  void* found = next_definition(function.name(), function.is_late);
  if (!found) found = stand_in(function.name());
  if (!found) return missing_function(function.failure);
  if (memory_is_in_use()) found = showing_files(function.name(), found);
  slot.store(found, std::memory_order_relaxed);
  return found;
}

}  // namespace devshm

// entry_<architecture>.S calls it for a call that needs no rewriting, if the slot is null.
extern "C" [[gnu::used]] void* devshm_look_up(devshm::Slot& slot, const devshm::Function& function) {
  return devshm::look_up(slot, function);
}
