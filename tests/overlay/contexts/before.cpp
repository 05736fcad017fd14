// SPDX-License-Identifier: MIT
//
// contexts-before: the light steps before any constructor has run, of libraries too. What runs then has nothing ready
// but libc.
#include <stdio.h>

#include "steps.h"

namespace {

int errors[100];

void take_steps(int, char**, char**) {
  for (int i = 0; i < step_count; ++i)
    if (!steps[i].heavy) errors[i] = steps[i].take();
}

}  // namespace

extern "C" {
[[gnu::section(".preinit_array"), gnu::used]] void (*const first_of_all)(int, char**, char**) = take_steps;
}

int main() {
  int failures = 0;
  for (int i = 0; i < step_count; ++i) {
    if (steps[i].heavy) continue;
    printf("%s before %s %d\n", errors[i] ? "FAIL" : "ok  ", steps[i].function, errors[i]);
    failures += errors[i] != 0;
  }
  return failures ? 1 : 0;
}
