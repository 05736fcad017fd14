// SPDX-License-Identifier: MIT
//
// Mode and owner. Not here: chflags, which Linux has never had.
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper.h"

FORWARD(chmod, path, 1);
FORWARD(lchmod, path, 1);
FORWARD(fchmodat, path_at, 2);

FORWARD(chown, path, 1);
FORWARD(lchown, path, 1);
FORWARD(fchownat, path_at, 2);
