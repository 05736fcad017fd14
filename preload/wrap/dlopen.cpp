// SPDX-License-Identifier: MIT
//
// dlopen and dlmopen: libraries in the overlay, and programs that take sem_open and shm_open by handle (JNA, ctypes,
// P/Invoke) and so pass by the wrappers: for them the constant has to be in place before they get the handle.
//
// dlopen looks at its return address to find the caller's RUNPATH, so a call goes on as a true tail call, unless its
// path is rewritten: then the memory for that is on our stack. (A library by its path is not searched for; only the
// old DT_RPATH of a caller that is itself a library is lost on the libraries that this one needs.)
//
// A new namespace (dlmopen) gets the program's library and a libc of its own, and no preload: what is loaded there
// sees the real /dev/shm.
#include <dlfcn.h>
#include <errno.h>

#include "../backing_dir.h"
#include "../libc_constant.h"
#include "../settings.h"
#include "../start_dir.h"
#include "../text.h"
#include "wrapper.h"

namespace {

/// Could the handle of this file give libc's functions? The libc of any kind, glibc's libraries of old, or (null) the
/// program with all it has loaded.
bool leads_to_libc(const char* file) {
  if (!file) return true;
  const char* base = devshm::last_component(file);
  return devshm::begins_with(base, "libc.") || devshm::begins_with(base, "libpthread.") ||
         devshm::begins_with(base, "librt.") || devshm::begins_with(base, "ld-musl-") ||
         devshm::begins_with(base, "libc-");
}

/// glibc <= 2.33 has sem_open and shm_open in libraries that a program need not have loaded.
bool may_come_late(const char* file) {
  if (!file) return false;
  const char* base = devshm::last_component(file);
  return !devshm::begins_with(base, "libc") && !devshm::begins_with(base, "ld-");
}

[[gnu::cold, gnu::noinline]] void prepare_for_handle(const char* file, int mode) {
  if (!devshm::settings().active) return;
  const int error = errno;
  // A library that is not loaded yet can't be changed yet, and after the tail call it is too late. It stays loaded.
  if (may_come_late(file) && !(mode & RTLD_NOLOAD)) NEXT_LATE(dlopen).get()(file, RTLD_LAZY);
  if (devshm::ensure_backing_dir() == 0) devshm::put_constant_in_place();
  errno = error;
}

/// Only a name with a slash in it is a path.
bool is_rewritten(const char* file) {
  return devshm::may_match(file) && devshm::has_slash(file) &&
         devshm::judge_from(AT_FDCWD, file).kind != devshm::Verdict::outside && devshm::settings().active;
}

}  // namespace

EXPORT void* dlopen(const char* file, int mode) NOTHROW {
  if (leads_to_libc(file)) prepare_for_handle(file, mode);
  if (__builtin_expect(is_rewritten(file), 0)) return rewrite(NEXT_LATE(dlopen), Path(file), mode);
  return NEXT_LATE(dlopen).get()(file, mode);
}

EXPORT void* dlmopen(Lmid_t space, const char* file, int mode) NOTHROW {
  if (__builtin_expect(is_rewritten(file), 0)) return rewrite(NEXT_LATE(dlmopen), space, Path(file), mode);
  return NEXT_LATE(dlmopen).get()(space, file, mode);
}
