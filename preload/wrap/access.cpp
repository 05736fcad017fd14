// SPDX-License-Identifier: MIT
#include <unistd.h>

#include "forward.h"

EXPORT int access(const char* path, int mode) NOTHROW { return forward(NEXT(access), Path(path), mode); }

// Two names of one function since ever; each goes to its own, for libcs that have only one of them.
EXPORT int eaccess(const char* path, int mode) NOTHROW { return forward(NEXT(eaccess), Path(path), mode); }
EXPORT int euidaccess(const char* path, int mode) NOTHROW { return forward(NEXT(euidaccess), Path(path), mode); }

EXPORT int faccessat(int dir, const char* path, int mode, int flags) NOTHROW {
  return forward(NEXT(faccessat), dir, PathAt(path), mode, flags);
}
