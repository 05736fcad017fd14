// SPDX-License-Identifier: MIT
//
// Wraps functions that open streams. Not here: _IO_file_fopen and _IO_file_open, libio's internals, which no program
// calls.
#include <mntent.h>
#include <stdio.h>

#include "wrapper.h"

extern "C" FILE* __setmntent(const char*, const char*);

namespace devshm {

FORWARD(fopen, streamed, 1);
ALIAS(fopen64, fopen);
ALIAS(_IO_fopen, fopen);

// A null path opens the same file again, with another mode.
FORWARD(freopen, restreamed, 1);
ALIAS(freopen64, freopen);

FORWARD(setmntent, path, 1);
FORWARD(__setmntent, path, 1);

}  // namespace devshm
