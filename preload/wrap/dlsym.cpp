// SPDX-License-Identifier: MIT
//
// Wraps dlsym and dlvsym, for programs that take sem_open, shm_open and their unlinks from a handle (ctypes, JNA,
// P/Invoke) and would bypass the wrappers. They get the wrapper too, because only the wrapper checks, at the moment of
// a call, whether the directory exists, whether it can be trusted, and whether libc's constant leads to it. So dlopen
// has nothing to do.
//
// For RTLD_NEXT and RTLD_DEFAULT dlsym uses its return address to find the caller's place in the lookup order, so those
// calls are made as true tail calls, as are all calls for other names.
#include <dlfcn.h>

#include "../settings.h"
#include "../text.h"
#include "shm_sem.h"
#include "wrapper.h"

namespace devshm {
namespace {

/// Whether the result depends on what is found. A null name is left to libc's function, which crashes on it.
bool is_for_us(const void* handle, const char* name) {
  return handle != RTLD_DEFAULT && handle != RTLD_NEXT && name && name[0] == 's';
}

[[gnu::cold, gnu::noinline]] void* find_instead(void* found, const char* name) {
  return found && settings().active ? wrapper_instead(found, name) : found;
}

}  // namespace

EXPORT void* dlsym(void* handle, const char* name) NOTHROW {
  const auto real = NEXT_LATE(dlsym);
  if (__builtin_expect(!is_for_us(handle, name), 1)) return real(handle, name);
  return find_instead(real(handle, name), name);
}

EXPORT void* dlvsym(void* handle, const char* name, const char* version) NOTHROW {
  const auto real = NEXT_LATE(dlvsym);
  if (__builtin_expect(!is_for_us(handle, name), 1)) return real(handle, name, version);
  return find_instead(real(handle, name, version), name);
}

}  // namespace devshm
