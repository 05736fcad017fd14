// SPDX-License-Identifier: MIT
//
// link, symlink, unlink, remove, rename: the family link-rename-unlink.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "parity.h"

using parity::number;

FAMILY(names) {
  EACH_PATH(number, unlink, path);
  EACH_AT(number, unlinkat, dir, path, 0);
  EACH_AT(number, unlinkat, dir, path, AT_REMOVEDIR);
  EACH_AT(number, unlinkat, dir, path, ~0);
  EACH_PATH(number, remove, path);

  EACH_PATH(number, symlink, "/dev/shm/f", path);
  EACH_PATH(number, symlink, "f", path);
  EACH_PATH(number, symlink, "", path);
  EACH_PATH(number, symlink, path, "/dev/shm/new");
  EACH_AT(number, symlinkat, "/dev/shm/text", dir, path);

  EACH_PAIR(number, link, path, other);
  EACH_PAIR(number, rename, path, other);
  EACH_PAIR_AT(number, linkat, dir, path, other_dir, other, 0);
  EACH_PAIR_AT(number, linkat, dir, path, other_dir, other, AT_SYMLINK_FOLLOW);
  EACH_PAIR_AT(number, linkat, dir, path, other_dir, other, AT_EMPTY_PATH);
  EACH_PAIR_AT(number, renameat, dir, path, other_dir, other);
  EACH_PAIR_AT(number, renameat2, dir, path, other_dir, other, 0);
  EACH_PAIR_AT(number, renameat2, dir, path, other_dir, other, RENAME_NOREPLACE);
  EACH_PAIR_AT(number, renameat2, dir, path, other_dir, other, RENAME_EXCHANGE);
}
