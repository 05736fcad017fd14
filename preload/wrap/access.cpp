// SPDX-License-Identifier: MIT
#include <unistd.h>

#include "wrapper.h"

FORWARD(access, path, 1);

// Two names of one function since ever; each goes to its own, for libcs that have only one of them.
FORWARD(eaccess, path, 1);
FORWARD(euidaccess, path, 1);

FORWARD(faccessat, path_at, 2);
