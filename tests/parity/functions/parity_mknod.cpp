// SPDX-License-Identifier: MIT
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "declared.h"
#include "parity.h"

using parity::number;

// The version that __xmknod and its kin take.
constexpr int version = 0;

FAMILY(mknod) {
  dev_t null_device = makedev(1, 3), none = 0;
  EACH_PATH(number, mknod, path, S_IFIFO | 0640, 0);
  EACH_PATH(number, mknod, path, S_IFREG | 0604, 0);
  EACH_PATH(number, mknod, path, S_IFSOCK | 0604, 0);
  EACH_PATH(number, mknod, path, S_IFCHR | 0600, null_device);
  EACH_PATH(number, mknod, path, S_IFDIR | 0700, 0);
  EACH_AT(number, mknodat, dir, path, 0600, 0);
  EACH_AT(number, mknodat, dir, path, S_IFIFO | 0600, 0);
  EACH_PATH(number, __xmknod, version, path, S_IFIFO | 0600, &none);
  EACH_PATH(number, __xmknod, 77, path, S_IFIFO | 0600, &none);
  EACH_AT(number, __xmknodat, version, dir, path, S_IFREG | 0600, &none);
  EACH_PATH(number, mkfifo, path, 0666);
  EACH_AT(number, mkfifoat, dir, path, 0640);
}
