// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parity.h"

using parity::number;

FAMILY(mode_owner) {
  EACH_PATH(number, chmod, path, 0604);
  EACH_PATH(number, chmod, path, 07777);
  EACH_PATH(number, lchmod, path, 0604);
  EACH_AT(number, fchmodat, dir, path, 0460, 0);
  EACH_AT(number, fchmodat, dir, path, 0460, AT_SYMLINK_NOFOLLOW);
  EACH_AT(number, fchmodat, dir, path, 0460, 0x4000000);
  EACH_PATH(number, chown, path, 1, 2);
  EACH_PATH(number, chown, path, static_cast<uid_t>(-1), 2);
  EACH_PATH(number, lchown, path, 3, 4);
  EACH_AT(number, fchownat, dir, path, 5, 6, 0);
  EACH_AT(number, fchownat, dir, path, 5, 6, AT_SYMLINK_NOFOLLOW);
  EACH_AT(number, fchownat, dir, path, 5, 6, AT_EMPTY_PATH);
}
