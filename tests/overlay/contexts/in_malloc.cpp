// SPDX-License-Identifier: MIT
//
// contexts-malloc: a program with a malloc of its own, whose first call, wherever it comes from, takes the light steps.
// They must not call malloc themselves: they would come back into a malloc that is not ready.
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "steps.h"

namespace {

alignas(16) char arena[1 << 22];
size_t used;
bool ready, inside;
int errors[100];
int calls_from_inside;

void set_up() {
  inside = true;
  for (int i = 0; i < step_count; ++i) {
    if (steps[i].heavy || strcmp(steps[i].family, "exec") == 0) continue;  // fork has handlers that allocate
    errors[i] = steps[i].take();
  }
  inside = false;
}

}  // namespace

extern "C" {

void* malloc(size_t size) {
  if (inside) ++calls_from_inside;
  if (!ready) {
    ready = true;
    set_up();
  }
  const size_t begin = (used + 15) & ~size_t{15};
  if (begin + sizeof(size_t) * 2 + size > sizeof arena) {
    errno = ENOMEM;
    return nullptr;
  }
  used = begin + 16 + size;
  memcpy(arena + begin, &size, sizeof size);
  return arena + begin + 16;
}

void free(void*) {}

void* calloc(size_t count, size_t size) { return malloc(count * size); }  // the arena is all zeros, and used once

void* realloc(void* old, size_t size) {
  void* fresh = malloc(size);
  if (old && fresh) {
    size_t had;
    memcpy(&had, static_cast<char*>(old) - 16, sizeof had);
    memcpy(fresh, old, had < size ? had : size);
  }
  return fresh;
}
}

int main() {
  void* volatile first = malloc(1);  // if libc has not called it before
  (void)first;
  int failures = calls_from_inside != 0;
  if (calls_from_inside) printf("FAIL malloc: called %d times by the steps\n", calls_from_inside);
  for (int i = 0; i < step_count; ++i) {
    if (steps[i].heavy) continue;
    printf("%s malloc %s %d\n", errors[i] ? "FAIL" : "ok  ", steps[i].function, errors[i]);
    failures += errors[i] != 0;
  }
  return failures ? 1 : 0;
}
