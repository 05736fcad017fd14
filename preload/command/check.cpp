// SPDX-License-Identifier: MIT
//
// Does the work of `devshm check`. It is preloaded, after everything else, into a program of the libc in question, runs
// before the program's main, and reports what it finds. So it sees what every such program will see, and needs no
// knowledge of loaders.
//
// It is as portable as the library: it is linked with sem_open and shm_open in libpthread.so.0 and librt.so.1
// (old_library.c), where they are before glibc 2.34. Since then both are empty; musl provides these two names itself.
//
// The devshm command (devshm.in) starts it with variables of the environment:
//
//   DEVSHM_CHECK          the program; without it nothing is done here
//   DEVSHM_CHECK_FORMAT   json; else a table
//   DEVSHM_CHECK_PRELOAD  LD_PRELOAD as it was before
//   DEVSHM_CHECK_WHY      why the library can't be loaded, if the command knows
//
// and gets the result from the exit status: 64 plus a sum of values of Found.
#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../backing_dir.h"
#include "../settings.h"

namespace devshm {
namespace {

enum Found { nothing = 64, problems = 1, not_loaded = 2, stands_aside = 4 };

/// Collects what is written to standard error, to show it as advice. The loader's own complaints come before that.
class Messages {
 public:
  Messages() {
    if (pipe2(ends_, O_CLOEXEC | O_NONBLOCK) == 0) dup2(ends_[1], 2);
  }
  Messages(const Messages&) = delete;

  /// Reports each message once: the library, the check and its peers may write the same one.
  void report(CheckReport& report) {
    char text[8192];
    const ssize_t size = read(ends_[0], text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
    char* rest = nullptr;
    const char* last = "";
    for (char* line = strtok_r(text, "\n", &rest); line; line = strtok_r(nullptr, "\n", &rest)) {
      if (begins_with(line, "devshm: ") && !same(line, last)) report.advice(line);
      last = line;
    }
  }

 private:
  int ends_[2] = {-1, -1};
};

void check_services(CheckReport& report) {
  check_semaphore(report);
  check_shared_memory(report);
  check_paths(report);
}

int check(bool as_json) {
  CheckReport report(as_json);
  Messages messages;
  report.begin();
  const LoadedLibrary library = find_library();
  bool active = check_library(report, library);
  check_real_one(report, active);
  if (active) check_occasion(report);
  check_libc(report);
  if (active) {
    const Leftovers leftovers;
    const char* dir = settings().dir;
    if (leftovers.would_take_over()) {
      report.row("services", "not tried: root takes over this user's directory at first use", Finding::neutral);
    } else if (ensure_backing_dir() == real_one_serves) {
      active = false;
      Line<256> line;
      report.row("stands aside", line.add(dir).add(" can't be used, and the real /dev/shm is good").c_str(),
                 Finding::neutral);
      check_services(report);
    } else {
      check_services(report);
      check_constant(report);
    }
    if (active) check_objects(report);
    if (active) check_directory(report);
    messages.report(report);
  } else {
    check_services(report);
  }
  report.end(library.path, active);
  return nothing + (report.problems() ? problems : 0) + (library.path ? 0 : not_loaded) +
         (library.path && !active ? stands_aside : 0);
}

__attribute__((constructor)) void check_if_asked() {
  if (!getenv("DEVSHM_CHECK")) return;
  if (const char* what = getenv(peer_variable)) act_as_peer(what);
  const char* format = getenv("DEVSHM_CHECK_FORMAT");
  _exit(check(format && same(format, "json")));
}

}  // namespace
}  // namespace devshm
