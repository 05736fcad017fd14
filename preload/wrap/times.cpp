// SPDX-License-Identifier: MIT
//
// Times of files. A null path, where one is allowed, means the descriptor itself.
#include <sys/stat.h>
#include <sys/time.h>
#include <utime.h>

#include "forward.h"

EXPORT int utime(const char* path, const struct utimbuf* times) NOTHROW {
  return forward(NEXT(utime), Path(path), times);
}
EXPORT int utimes(const char* path, const struct timeval times[2]) NOTHROW {
  return forward(NEXT(utimes), Path(path), times);
}
EXPORT int lutimes(const char* path, const struct timeval times[2]) NOTHROW {
  return forward(NEXT(lutimes), Path(path), times);
}
EXPORT int futimesat(int dir, const char* path, const struct timeval times[2]) NOTHROW {
  return forward(NEXT(futimesat), dir, PathAt(path), times);
}
EXPORT int utimensat(int dir, const char* path, const struct timespec times[2], int flags) NOTHROW {
  return forward(NEXT(utimensat), dir, PathAt(path), times, flags);
}
