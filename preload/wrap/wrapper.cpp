// SPDX-License-Identifier: MIT
#include "wrapper.h"

// Called by entry_<architecture>.S.
extern "C" {

[[gnu::used]] void* devshm_look_up(devshm::Slot& slot, const devshm::Wrapper& wrapper) {
  return devshm::look_up(slot, wrapper.real);
}

[[gnu::used]] long devshm_forward(devshm::Slot& slot, const devshm::Wrapper& wrapper, const long (&words)[6]) {
  return devshm::forward_words(slot, wrapper.real, words, wrapper.places);
}
}
