// SPDX-License-Identifier: MIT
//
// dlopen, for programs that take sem_open and shm_open by handle (JNA, ctypes, P/Invoke) and so pass by the wrappers:
// the constant has to be in place before they get the handle.
//
// dlopen looks at its return address to find the caller's RUNPATH, so the call goes on as a true tail call.
#include <dlfcn.h>
#include <errno.h>

#include "../backing_dir.h"
#include "../libc_constant.h"
#include "../settings.h"
#include "../text.h"
#include "forward.h"

namespace {

const char* base_name(const char* file) {
  const char* base = file;
  for (const char* p = file; *p; ++p)
    if (*p == '/') base = p + 1;
  return base;
}

/// Could the handle of this file give libc's functions? The libc of any kind, glibc's libraries of old, or (null) the
/// program with all it has loaded.
bool leads_to_libc(const char* file) {
  if (!file) return true;
  const char* base = base_name(file);
  return devshm::begins_with(base, "libc.") || devshm::begins_with(base, "libpthread.") ||
         devshm::begins_with(base, "librt.") || devshm::begins_with(base, "ld-musl-") ||
         devshm::begins_with(base, "libc-");
}

[[gnu::cold, gnu::noinline]] void prepare_for_handle(const char* file, int mode) {
  if (!devshm::settings().active) return;
  const int error = errno;
  // A library that is not loaded yet can't be changed yet, and after the tail call it is too late. It stays loaded.
  if (file && !(mode & RTLD_NOLOAD)) NEXT_LATE(dlopen).get()(file, RTLD_LAZY);
  if (devshm::ensure_backing_dir() == 0) devshm::put_constant_in_place();
  errno = error;
}

}  // namespace

EXPORT void* dlopen(const char* file, int mode) NOTHROW {
  if (leads_to_libc(file)) prepare_for_handle(file, mode);
  return NEXT_LATE(dlopen).get()(file, mode);
}
