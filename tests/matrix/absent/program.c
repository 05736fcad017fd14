// SPDX-License-Identifier: MIT
//
// Which of the functions that devshm exports does this program find, and do those work that it finds only with devshm?
//
//   program found      "NAME WEAK DLSYM" for each: 1 if it is there by a weak reference (as Rust's standard library
//   looks
//                      for functions), and by dlsym(RTLD_DEFAULT) (as OpenJDK and ctypes do)
//   program library    calls what library.c, which the program needs, has found
//   program errors     what dlsym and dlerror say of a function that there is nowhere, and of openat2
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

// Under another name here, for their prototypes are the headers'.
#define EXPORT(name) extern int weak_##name(void) __asm__(#name) __attribute__((weak));
#include "exports.h"
#undef EXPORT

int call_them(void);

struct Found {
  const char* name;
  int weak;
};

static void print_found(void) {
  const struct Found all[] = {
#define EXPORT(name) {#name, weak_##name != 0},
#include "exports.h"
  };
  for (unsigned i = 0; i < sizeof all / sizeof *all; ++i)
    printf("%s %d %d\n", all[i].name, all[i].weak, dlsym(RTLD_DEFAULT, all[i].name) != 0);
}

static void print_error(const char* name) {
  const void* found = dlsym(RTLD_DEFAULT, name);
  const char* error = dlerror();
  printf("%s %s\n", found ? "found" : "null", error ? error : "no error");
}

int main(int count, char** arguments) {
  const char* mode = count > 1 ? arguments[1] : "";
  if (strcmp(mode, "found") == 0) return print_found(), 0;
  if (strcmp(mode, "errors") == 0) return print_error("none_such"), print_error("openat2"), 0;
  if (strcmp(mode, "library") == 0) return call_them();
  printf("usage: program found|errors|library\n");
  return 2;
}
