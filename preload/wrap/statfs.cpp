// SPDX-License-Identifier: MIT
//
// What kind of file system: in the overlay it is a tmpfs, with the backing file system's real capacity. joblib, Ray
// and CPython's Value and Array decide by the capacity, glibc <= 2.33 by the type.
// Not here: ustat, which takes a device number and is gone from current libcs.
#include <cstring>

#include "../constant_dir.h"
#include "../settings.h"
#include "examined_path.h"
#include "wrapper.h"

using devshm::forward_descriptor;
using devshm::forward_path;

extern "C" int __statfs(const char*, struct statfs*);

namespace {

/// libpthread and librt of glibc <= 2.33 ask about their constant, which leads to the backing directory by now. The
/// answer is kept for the life of the process, so it has to be right even while the directory is not there: else they
/// go and look for any other tmpfs.
bool is_about_the_constant(const char* path) {
  char text[devshm::constant_length];
  if (!path || !devshm::settings().active || devshm::constant_dir(text) != 0) return false;
  for (std::size_t i = 0; i < sizeof text; ++i)
    if (path[i] != text[i]) return false;
  for (path += sizeof text; *path == '/'; ++path) continue;
  return *path == '\0';
}

}  // namespace

EXPORT int statfs(const char* path, struct statfs* out) NOTHROW { return forward_path(NEXT(statfs), path, out); }
ALIAS(statfs64, statfs);

EXPORT int __statfs(const char* path, struct statfs* out) {
  const int result = forward_path(NEXT(statfs), path, out);
  if (!is_about_the_constant(path)) return result;
  if (result != 0) std::memset(out, 0, sizeof *out);
  devshm::say_tmpfs(*out);
  return 0;
}

EXPORT int statvfs(const char* path, struct statvfs* out) NOTHROW { return forward_path(NEXT(statvfs), path, out); }
ALIAS(statvfs64, statvfs);

EXPORT int fstatfs(int fd, struct statfs* out) NOTHROW { return forward_descriptor(NEXT(fstatfs), fd, out); }
ALIAS(fstatfs64, fstatfs);

EXPORT int fstatvfs(int fd, struct statvfs* out) NOTHROW { return forward_descriptor(NEXT(fstatvfs), fd, out); }
ALIAS(fstatvfs64, fstatvfs);
