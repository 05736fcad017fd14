// SPDX-License-Identifier: MIT
//
// What the dlopen step loads.
extern "C" {
extern const int devshm_contexts_loaded;
const int devshm_contexts_loaded = 1;
}
