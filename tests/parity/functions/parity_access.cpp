// SPDX-License-Identifier: MIT
#include <unistd.h>

#include "parity.h"

using parity::number;

FAMILY(access) {
  EACH_PATH(number, access, path, F_OK);
  EACH_PATH(number, access, path, R_OK | W_OK);
  EACH_PATH(number, access, path, X_OK);
  EACH_PATH(number, access, path, 0177);
  EACH_PATH(number, eaccess, path, R_OK);
  EACH_PATH(number, eaccess, path, X_OK);
  EACH_PATH(number, euidaccess, path, W_OK);
  EACH_PATH(number, euidaccess, path, F_OK);
  EACH_AT(number, faccessat, dir, path, R_OK, 0);
  EACH_AT(number, faccessat, dir, path, X_OK, AT_EACCESS);
  EACH_AT(number, faccessat, dir, path, F_OK, AT_SYMLINK_NOFOLLOW);
  EACH_AT(number, faccessat, dir, path, F_OK, 0x4000000);
}
