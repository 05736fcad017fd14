// SPDX-License-Identifier: MIT
//
// The open family. Not here: open_by_handle_at takes a descriptor and an opaque handle, no path; __open_nocancel is
// private to glibc's own objects.
#include <fcntl.h>

#include "restricted_open.h"
#include "wrapper.h"

// Exported by libc, not declared for everybody.
extern "C" {
int __open_2(const char*, int);
int __open64_2(const char*, int);
int __openat_2(int, const char*, int);
int __openat64_2(int, const char*, int);
int openat2(int, const char*, const struct open_how*, size_t);
}

// The mode of open and openat is handed on in its register, whether the flags ask for one or not.
FORWARD(open, path, 1);
ALIAS(open64, open);
ALIAS(__open, open);
ALIAS(__open64, open);

FORWARD(openat, path_at, 2);
ALIAS(openat64, openat);

FORWARD(creat, path, 1);
ALIAS(creat64, creat);

// _FORTIFY_SOURCE: libc's own end the program if a mode is missing.
FORWARD(__open_2, path, 1);
ALIAS(__open64_2, __open_2);
FORWARD(__openat_2, path_at, 2);
ALIAS(__openat64_2, __openat_2);

// glibc 2.43.
IF_MATCHING(2, int, openat2, int dir, const char* path, const struct open_how* how, size_t size) {
  if (devshm::is_restricted(how, size)) return devshm::open_restricted(REAL(openat2).get(), dir, path, how, size);
  return rewrite(REAL(openat2), dir, PathAt(path), how, size);
}

FORWARD(name_to_handle_at, path_at, 2);
