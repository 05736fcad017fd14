// SPDX-License-Identifier: MIT
//
// Runs `devshm ls`, `df` or `rm` in the program that this library is preloaded into, and ends that before its main
// begins. The devshm command (devshm.in) passes in the environment:
//
//   DEVSHM_OBJECTS         ls, df or rm; without it nothing is done here. rm's names are the program's arguments
//   DEVSHM_OBJECTS_FORMAT  json; else a table
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../settings.h"
#include "../sys.h"
#include "../text.h"
#include "objects.h"

namespace devshm {
namespace {

/// The arguments as the kernel has them: musl gives none to constructors.
int remove_arguments(bool as_json) {
  const int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  std::size_t size = 0, room = 1 << 16;
  auto* text = static_cast<char*>(malloc(room));
  for (ssize_t more; text && (more = read(fd, text + size, room - size)) > 0;) {
    size += static_cast<std::size_t>(more);
    if (size == room) text = static_cast<char*>(realloc(text, room *= 2));
  }
  if (fd < 0 || !text) {
    fprintf(stderr, "devshm: can't read the names in /proc/self/cmdline\n");
    return 1;
  }
  return remove_objects(as_json, text + length_of(text) + 1, text + size);
}

__attribute__((constructor)) void run_if_asked() {
  const char* const what = getenv("DEVSHM_OBJECTS");
  if (!what) return;
  const char* const format = getenv("DEVSHM_OBJECTS_FORMAT");
  const bool as_json = format && same(format, "json");
  const int status = same(what, "ls")   ? list_objects(as_json)
                     : same(what, "df") ? report_room(as_json)
                                        : remove_arguments(as_json);
  if (fflush(stdout) != 0) _exit(1);
  _exit(status);
}

}  // namespace
}  // namespace devshm
