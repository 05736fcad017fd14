// SPDX-License-Identifier: MIT
#include "wrapper.h"

// Called by entry_<architecture>.S.
extern "C" {

[[gnu::used]] void* devshm_look_up(devshm::Slot& slot, const devshm::Wrapper& wrapper) {
  return devshm::find(slot, wrapper.real);
}

[[gnu::used]] long devshm_forward(devshm::Slot& slot, const devshm::Wrapper& wrapper, const long (&w)[6]) {
  return devshm::forward_words(slot, wrapper.real, wrapper.places, w[0], w[1], w[2], w[3], w[4], w[5]);
}
}
