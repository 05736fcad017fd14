// SPDX-License-Identifier: MIT
//
// Wraps dladdr: shows an object that was loaded from the overlay under the name that the program knows. Not here:
// dlinfo and dl_iterate_phdr, which show the loader's own records.
#include <dlfcn.h>

#include "shown_path.h"
#include "wrapper.h"

namespace devshm {

namespace {

/// 0 means failure here, and is also what a missing function returns.
int show(int result, Dl_info* info) {
  if (result <= 0) return 0;
  if (const char* name = lasting_shown_path(info->dli_fname)) info->dli_fname = name;
  return result;
}

}  // namespace

EXPORT int dladdr(const void* address, Dl_info* info) NOTHROW { return show(NEXT_LATE(dladdr)(address, info), info); }

EXPORT int dladdr1(const void* address, Dl_info* info, void** extra, int flags) NOTHROW {
  return show(NEXT_LATE(dladdr1)(address, info, extra, flags), info);
}

}  // namespace devshm
