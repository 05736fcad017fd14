// SPDX-License-Identifier: MIT
//
// Size, limits, and what else takes the path of a file. Not here: revoke, which Linux has never had.
#include <sys/ipc.h>
#include <unistd.h>

#include "wrapper.h"

FORWARD(truncate, path, 1);
ALIAS(truncate64, truncate);

FORWARD(pathconf, path, 1);

FORWARD(acct, path, 1);

// The key comes from the file's identity, so every process has to look at the same file.
FORWARD(ftok, path, 1);
