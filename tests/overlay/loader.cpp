// SPDX-License-Identifier: MIT
//
// A library that loads another one, which only its own RUNPATH leads to. dlopen has to find it behind the return
// address, so these calls must not be tail calls.
#include <dlfcn.h>

static void* with_work_after_it(void* handle) {
  __asm__ volatile("" : "+r"(handle));
  return handle;
}

extern "C" void* load_by_runpath(const char* name) { return with_work_after_it(dlopen(name, RTLD_NOW)); }

extern "C" void* load_into_new_namespace(const char* name) {
  return with_work_after_it(dlmopen(LM_ID_NEWLM, name, RTLD_NOW));
}
