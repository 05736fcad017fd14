// SPDX-License-Identifier: MIT
//
// Wraps the open family. Not here: open_by_handle_at takes a descriptor and an opaque handle, no path; __open_nocancel
// is private to glibc's own objects.
#include <fcntl.h>

#include "restricted_open.h"
#include "wrapper.h"

// libc exports these, but does not always declare them.
extern "C" {
int __open_2(const char*, int);
int __open64_2(const char*, int);
int __openat_2(int, const char*, int);
int __openat64_2(int, const char*, int);
int openat2(int, const char*, const struct open_how*, size_t);
}

namespace devshm {

// The mode of open and openat is passed on in its register, whether the flags ask for one or not.
FORWARD(open, opened, 1);
ALIAS(open64, open);
ALIAS(__open, open);
ALIAS(__open64, open);

FORWARD(openat, opened_at, 2);
ALIAS(openat64, openat);

FORWARD(creat, created, 1);
ALIAS(creat64, creat);

// _FORTIFY_SOURCE: libc's functions end the program if a mode is missing.
FORWARD(__open_2, opened, 1);
ALIAS(__open64_2, __open_2);
FORWARD(__openat_2, opened_at, 2);
ALIAS(__openat64_2, __openat_2);

// glibc 2.43.
EXPORT int openat2(int dir, const char* path, const struct open_how* how, size_t size) {
  const auto next = NEXT(openat2, path_at, 2);
  if (!may_match(path)) return next(dir, path, how, size);
  if (is_restricted(how, size)) return open_restricted(next, dir, path, how, size);
  return next.rewrite(dir, path, how, size);
}

FORWARD(name_to_handle_at, path_at, 2);

}  // namespace devshm
