// SPDX-License-Identifier: MIT
//
// Size, limits, and what else takes the path of a file. Not here: revoke, which Linux has never had.
#include <sys/ipc.h>
#include <unistd.h>

#include "forward.h"

EXPORT int truncate(const char* path, off_t length) NOTHROW { return forward(NEXT(truncate), Path(path), length); }
ALIAS(truncate64, truncate);

EXPORT long pathconf(const char* path, int name) NOTHROW { return forward(NEXT(pathconf), Path(path), name); }

EXPORT int acct(const char* path) NOTHROW { return forward(NEXT(acct), Path(path)); }

// The key comes from the file's identity, so every process has to look at the same file.
EXPORT key_t ftok(const char* path, int project) NOTHROW { return forward(NEXT(ftok), Path(path), project); }
