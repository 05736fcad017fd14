// SPDX-License-Identifier: MIT
//
// Reports whether objects below /dev/shm are memory or files on a disk (DEVSHM_STORE), and why.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "../store/kernel.h"
#include "../store/make_root.h"
#include "../sys.h"
#include "check.h"

namespace devshm {
namespace {

constexpr char name[] = "/.devshm-objects";

/// Why there can be no store; null if no reason is known.
const char* obstacle() {
  const int memfd = sys::memfd_create("devshm-check", 1);
  if (memfd < 0) return "memfd_create(2) fails, so there is no memory for objects";
  sys::close(memfd);
  const bool fits = store::own_root(settings().dir).fits();
  return fits ? nullptr : "the path of the directory is too long for a store beside it";
}

/// Whether an object that is created now is memory: then its name in the directory is a link.
bool becomes_memory() {
  Line<PATH_MAX> shown, real;
  shown.add("/dev/shm").add(name);
  real.add(settings().dir).add(name);
  const int fd = open(shown.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  close(fd);
  struct stat found;
  const bool is_link = sys::fstatat(AT_FDCWD, real.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(found.st_mode);
  unlink(shown.c_str());
  return is_link;
}

}  // namespace

void check_objects(CheckReport& report) {
  if (settings().store == Store::disk) return report.row("objects", "files (DEVSHM_STORE=disk)", Finding::neutral);
  if (becomes_memory()) return report.row("objects", "memory, which devshm-keeper holds", Finding::good);
  report.row("objects", "files, not memory", Finding::neutral);
  const char* const reason = obstacle();
  report.advice(reason ? reason
                       : "devshm-keeper could not be started, or does not answer; DEVSHM_LOG=stderr says more");
}

}  // namespace devshm
