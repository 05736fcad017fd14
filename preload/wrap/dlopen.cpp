// SPDX-License-Identifier: MIT
//
// dlopen and dlmopen: libraries in the overlay. What programs look for by the handle is for dlsym.cpp.
//
// dlopen looks at its return address to find the caller's RUNPATH, so a call goes on as a true tail call, unless its
// path is rewritten: then the memory for that is on our stack. (A library by its path is not searched for; only the
// old DT_RPATH of a caller that is itself a library is lost on the libraries that this one needs.)
//
// A new namespace (dlmopen) gets the program's library and a libc of its own, and no preload: what is loaded there
// sees the real /dev/shm.
#include <dlfcn.h>

#include "../settings.h"
#include "../start_dir.h"
#include "../text.h"
#include "wrapper.h"

namespace {

/// Only a name with a slash in it is a path.
bool is_rewritten(const char* file) {
  return devshm::may_match(file) && devshm::has_slash(file) &&
         devshm::judge_from(AT_FDCWD, file).kind != devshm::Verdict::outside && devshm::settings().active;
}

}  // namespace

EXPORT void* dlopen(const char* file, int mode) NOTHROW {
  if (__builtin_expect(is_rewritten(file), 0)) return rewrite(NEXT_LATE(dlopen), Path(file), mode);
  return NEXT_LATE(dlopen).get()(file, mode);
}

EXPORT void* dlmopen(Lmid_t space, const char* file, int mode) NOTHROW {
  if (__builtin_expect(is_rewritten(file), 0)) return rewrite(NEXT_LATE(dlmopen), space, Path(file), mode);
  return NEXT_LATE(dlmopen).get()(space, file, mode);
}
