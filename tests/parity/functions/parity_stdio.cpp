// SPDX-License-Identifier: MIT
#include <mntent.h>
#include <stdio.h>

#include "declared.h"
#include "parity.h"

namespace {

/// A stream: what it is open for, and that it reads or writes.
std::string stream(FILE* result) {
  std::string shown = parity::pointer(result);
  if (!result) return shown;
  char line[32] = "";
  shown += " " + parity::location_of(fileno(result));
  if (fgets(line, sizeof line, result)) shown += std::string(" reads \"") + line + '"';
  rewind(result);
  if (fputs("w", result) >= 0 && fflush(result) == 0) shown += ", writes";
  fclose(result);
  return shown;
}

/// A stream to begin with, for the functions that take one over.
FILE* begun() {
  FILE* stream = fopen("/tmp/parity/o", "r");
  errno = parity::errno_before;
  return stream;
}

std::string mounts(FILE* result) {
  const std::string shown = parity::pointer(result);
  if (result) endmntent(result);
  return shown;
}

}  // namespace

FAMILY(stdio) {
  EACH_PATH(stream, fopen, path, "r");
  EACH_PATH(stream, fopen, path, "w");
  EACH_PATH(stream, fopen, path, "a+e");
  EACH_PATH(stream, fopen, path, "wx");
  EACH_PATH(stream, fopen, path, "r+,ccs=UTF-8");
  EACH_PATH(stream, fopen, path, "nonsense");
  EACH_PATH(stream, fopen64, path, "r+");
  EACH_PATH(stream, fopen64, path, "w");
  EACH_PATH(stream, _IO_fopen, path, "r+");
  EACH_PATH(stream, freopen, path, "r", begun());
  EACH_PATH(stream, freopen, path, "w", begun());
  EACH_PATH(stream, freopen64, path, "r+", begun());
  EACH_PATH(mounts, setmntent, path, "r");
  EACH_PATH(mounts, __setmntent, path, "r+");
}
