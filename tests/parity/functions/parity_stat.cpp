// SPDX-License-Identifier: MIT
#include <string.h>
#include <sys/stat.h>

#include "declared.h"
#include "parity.h"

using parity::number;

namespace {

/// Shows a result with what was found, if anything was.
template <class Stat>
auto shown_with(const Stat& found) {
  return [&found](int result) {
    std::string shown = number(result);
    if (result != 0) return shown;
    struct stat file {};
    file.st_mode = found.st_mode;
    file.st_size = found.st_size;
    file.st_nlink = found.st_nlink;
    file.st_uid = found.st_uid;
    file.st_gid = found.st_gid;
    return shown + " " + parity::describe(file);
  };
}

auto shown_with(const struct statx& found) {
  return [&found](int result) { return number(result) + (result == 0 ? " " + parity::describe(found) : ""); };
}

// The version of struct stat that __xstat and its kin take.
#if defined(__x86_64__)
constexpr int version = 1;
#else
constexpr int version = 0;
#endif

}  // namespace

FAMILY(stat) {
  struct stat out {};
  struct stat64 out64 {};
  struct statx outx {};
  const auto show = shown_with(out);
  const auto show64 = shown_with(out64);
  EACH_PATH(show, stat, path, &out);
  EACH_PATH(show64, stat64, path, &out64);
  EACH_PATH(show, lstat, path, &out);
  EACH_PATH(show64, lstat64, path, &out64);
  EACH_AT(show, fstatat, dir, path, &out, 0);
  EACH_AT(show, fstatat, dir, path, &out, AT_SYMLINK_NOFOLLOW);
  EACH_AT(show, fstatat, dir, path, &out, AT_EMPTY_PATH);
  EACH_AT(show64, fstatat64, dir, path, &out64, 0);
  EACH_AT(show64, fstatat64, dir, path, &out64, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);

  EACH_PATH(show, __xstat, version, path, &out);
  EACH_PATH(show64, __xstat64, version, path, &out64);
  EACH_PATH(show, __lxstat, version, path, &out);
  EACH_PATH(show64, __lxstat64, version, path, &out64);
  EACH_AT(show, __fxstatat, version, dir, path, &out, 0);
  EACH_AT(show64, __fxstatat64, version, dir, path, &out64, AT_SYMLINK_NOFOLLOW);
  ONCE(show, __xstat, 99, "/dev/shm/f", &out);

  const auto showx = shown_with(outx);
  EACH_AT(showx, statx, dir, path, 0, STATX_BASIC_STATS, &outx);
  EACH_AT(showx, statx, dir, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &outx);
  EACH_AT(showx, statx, dir, path, AT_EMPTY_PATH | AT_STATX_SYNC_AS_STAT, STATX_BASIC_STATS, &outx);
  ONCE(showx, statx, AT_FDCWD, "/dev/shm/f", 0, STATX_BASIC_STATS, nullptr);
  ONCE(showx, statx, AT_FDCWD, "/dev/shm/f", ~0, STATX_BASIC_STATS, &outx);
  ONCE(show, stat, "/dev/shm/../null", &out);
  ONCE(show, lstat, "/dev/shm/../null", &out);
}
