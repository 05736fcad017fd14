// SPDX-License-Identifier: MIT
#include "wrapper.h"

// Called by entry_<architecture>.S, for a call that is not for us.
extern "C" [[gnu::used]] void* devshm_look_up(devshm::Slot& slot, const devshm::Wrapper& wrapper) {
  return devshm::find(slot, wrapper.real);
}
