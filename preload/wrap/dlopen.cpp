// SPDX-License-Identifier: MIT
//
// Wraps dlopen and dlmopen for libraries in the overlay. dlsym.cpp handles what programs look up by the handle.
//
// dlopen uses its return address to find the caller's RUNPATH, so a call is made as a true tail call, unless its path
// is rewritten or the loaded object is redirected: then there is work to do afterwards. (A library given by its path is
// not searched for; only the old DT_RPATH of a caller that is itself a library does not apply to the libraries that
// this one needs.)
//
// A new namespace (dlmopen) gets the program's library and a libc of its own, and no preload: objects loaded there see
// the real /dev/shm.
#include <dlfcn.h>
#include <errno.h>

#include "../constant_dir.h"
#include "../deep_binding.h"
#include "../libc_constant.h"
#include "../settings.h"
#include "../text.h"
#include "wrapper.h"

namespace devshm {
namespace {

/// An object loaded with RTLD_DEEPBIND uses libc's own sem_open and shm_open, at least until it is redirected. A longer
/// directory would need a link, which is created only when first needed.
[[gnu::cold, gnu::noinline]] void prepare_for_deep_binding() {
  const int error = errno;
  if (settings().dir_length <= constant_length) put_constant_in_place(true);
  errno = error;
}

/// Whether the calls of a file that is opened with RTLD_DEEPBIND can be redirected. It must not be searched for: then
/// our own call opens it, and can act afterwards. A bare name, and one with a $ORIGIN, depends on who calls dlopen.
bool can_be_redirected(const char* file, int mode) {
  return !(mode & RTLD_NOLOAD) && has_slash(file) && !has_letter(file, '$');
}

/// It is bound at once, so that all of its calls can be redirected. But an object that needs a missing function, which
/// it may never call, is loaded as the program requested.
[[gnu::cold, gnu::noinline]] void* open_and_redirect(const char* file, int mode) {
  const auto next = NEXT_LATE_FAILING_WITH(dlopen, null_alone, searched, 1);
  void* handle = next.rewrite(file, (mode & ~RTLD_LAZY) | RTLD_NOW);
  if (!handle && mode & RTLD_LAZY) handle = next.rewrite(file, mode);
  const int error = errno;
  if (handle) redirect_calls(handle);
  errno = error;
  return handle;
}

}  // namespace

EXPORT void* dlopen(const char* file, int mode) NOTHROW {
  if (__builtin_expect(mode & RTLD_DEEPBIND, 0) && file && settings().active) {
    prepare_for_deep_binding();
    if (can_be_redirected(file, mode)) return open_and_redirect(file, mode);
  }
  const auto next = NEXT_LATE_FAILING_WITH(dlopen, null_alone, searched, 1);
  if (__builtin_expect(is_rewritten(file, Role::searched), 0)) return next.rewrite(file, mode);
  return next(file, mode);
}

EXPORT void* dlmopen(Lmid_t space, const char* file, int mode) NOTHROW {
  const auto next = NEXT_LATE_FAILING_WITH(dlmopen, null_alone, searched, 2);
  if (__builtin_expect(is_rewritten(file, Role::searched), 0)) return next.rewrite(space, file, mode);
  return next(space, file, mode);
}

}  // namespace devshm
