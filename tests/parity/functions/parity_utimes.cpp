// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <utime.h>

#include "parity.h"

using parity::number;

FAMILY(utimes) {
  // Times long ago, which show in what is on disk afterwards.
  const utimbuf seconds{1'000'000'000, 1'000'000'001};
  const timeval micro[2] = {{1'000'000'002, 20}, {1'000'000'003, 30}};
  const timespec nano[2] = {{1'000'000'004, 40}, {1'000'000'005, 50}};
  const timespec one[2] = {{0, UTIME_OMIT}, {1'000'000'006, 60}};
  const timespec wrong[2] = {{0, 2'000'000'000}, {0, 0}};
  EACH_PATH(number, utime, path, &seconds);
  EACH_PATH(number, utime, path, nullptr);
  EACH_PATH(number, utimes, path, micro);
  EACH_PATH(number, utimes, path, nullptr);
  EACH_PATH(number, lutimes, path, micro);
  EACH_AT(number, futimesat, dir, path, micro);
  EACH_AT(number, futimesat, dir, path, nullptr);
  EACH_AT(number, utimensat, dir, path, nano, 0);
  EACH_AT(number, utimensat, dir, path, nano, AT_SYMLINK_NOFOLLOW);
  EACH_AT(number, utimensat, dir, path, nano, AT_EMPTY_PATH);
  EACH_AT(number, utimensat, dir, path, one, 0);
  EACH_AT(number, utimensat, dir, path, wrong, 0);
  EACH_AT(number, utimensat, dir, path, nullptr, 0);
}
