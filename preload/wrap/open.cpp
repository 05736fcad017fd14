// SPDX-License-Identifier: MIT
//
// The open family. Not here: open_by_handle_at takes a descriptor and an opaque handle, no path; __open_nocancel is
// private to glibc's own objects.
#include <fcntl.h>
#include <stdarg.h>

#include "forward.h"
#include "restricted_open.h"

// Exported by libc, not declared for everybody.
extern "C" {
int __open_2(const char*, int);
int __open64_2(const char*, int);
int __openat_2(int, const char*, int);
int __openat64_2(int, const char*, int);
int openat2(int, const char*, const struct open_how*, size_t);
}

namespace {

/// Whether open(2) reads a mode with these flags. O_TMPFILE has the bit of O_DIRECTORY in it.
bool takes_mode(int flags) { return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE; }

/// Calls the next definition with the mode, or without one where the caller has given none.
template <class Next, class... Arguments>
[[gnu::always_inline]] inline int forward_open(Next next, int flags, va_list rest, Arguments... arguments) {
  const mode_t mode = takes_mode(flags) ? va_arg(rest, mode_t) : 0;
  return forward(next, arguments..., flags, mode);
}

}  // namespace

EXPORT int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const int fd = forward_open(NEXT(open), flags, rest, Path(path));
  va_end(rest);
  return fd;
}
ALIAS(open64, open);
ALIAS(__open, open);
ALIAS(__open64, open);

EXPORT int openat(int dir, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const int fd = forward_open(NEXT(openat), flags, rest, dir, PathAt(path));
  va_end(rest);
  return fd;
}
ALIAS(openat64, openat);

EXPORT int creat(const char* path, mode_t mode) { return forward(NEXT(creat), Path(path), mode); }
ALIAS(creat64, creat);

// _FORTIFY_SOURCE: libc's own end the program if a mode is missing.
EXPORT int __open_2(const char* path, int flags) { return forward(NEXT(__open_2), Path(path), flags); }
ALIAS(__open64_2, __open_2);
EXPORT int __openat_2(int dir, const char* path, int flags) {
  return forward(NEXT(__openat_2), dir, PathAt(path), flags);
}
ALIAS(__openat64_2, __openat_2);

// glibc 2.43.
EXPORT int openat2(int dir, const char* path, const struct open_how* how, size_t size) {
  if (__builtin_expect(devshm::may_match(path) && devshm::is_restricted(how, size), 0))
    return devshm::open_restricted(NEXT(openat2).get(), dir, path, how, size);
  return forward(NEXT(openat2), dir, PathAt(path), how, size);
}

EXPORT int name_to_handle_at(int dir, const char* path, struct file_handle* handle, int* mount, int flags) NOTHROW {
  return forward(NEXT(name_to_handle_at), dir, PathAt(path), handle, mount, flags);
}
