// SPDX-License-Identifier: MIT
//
// Makes each wrapped function's call on ordinary paths and descriptors, once for each way to write
// such a path. Before each call a write to descriptor -1 says which one comes, for ordinary_test.py, which compares
// what the kernel sees with and without the library.
//
// Nothing here lies below /dev/shm, but the names are as hard to tell apart from it as they can be without a system
// call.
#include <stdlib.h>

#include <string>
#include <vector>

#include "calls.h"

using namespace ordinary;
using parity::raw;

int main() {
  // A warm start: libc's own first calls of these are not what is compared.
  void* volatile warm = malloc(200000);
  free(warm);
  const std::string top = get_current_dir_name();
  const std::vector<Way> ways = {
      {"plain", top + "/plain/"},            // without the letters that a path below /dev/shm has
      {"letters", top + "/ahm/"},            // with them
      {"look-alike", top + "/dev/shmfoo/"},  // and beginning like it
      {"deep", top + "/dev/shm/"},           // the whole name, elsewhere
      {"relative", ""},
  };
  for (const Way& way : ways) {
    raw(SYS_chdir, (top + "/ahm").c_str());
    files(way);
    raw(SYS_chdir, (top + "/ahm").c_str());
    directories(way);
    raw(SYS_chdir, (top + "/ahm").c_str());
    descriptors(way);
    sockets(way);
    programs(way);
    libraries(way);
    others(way);
  }
  mark("end");
}
