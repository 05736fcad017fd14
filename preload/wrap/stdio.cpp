// SPDX-License-Identifier: MIT
//
// Streams. Not here: _IO_file_fopen and _IO_file_open, libio's internals, which no program calls.
#include <mntent.h>
#include <stdio.h>

#include "forward.h"

extern "C" FILE* __setmntent(const char*, const char*);

EXPORT FILE* fopen(const char* path, const char* mode) { return forward(NEXT(fopen), Path(path), mode); }
ALIAS(fopen64, fopen);
ALIAS(_IO_fopen, fopen);

// A null path opens the same file again, with another mode.
EXPORT FILE* freopen(const char* path, const char* mode, FILE* stream) {
  return forward(NEXT(freopen), Path(path), mode, stream);
}
ALIAS(freopen64, freopen);

EXPORT FILE* setmntent(const char* path, const char* mode) NOTHROW {
  return forward(NEXT(setmntent), Path(path), mode);
}
EXPORT FILE* __setmntent(const char* path, const char* mode) { return forward(NEXT(__setmntent), Path(path), mode); }
