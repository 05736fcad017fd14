// SPDX-License-Identifier: MIT
//
// mount_steps ROW STEPS: does a row of the benchmark that many times, between requests that stand out in a trace of the
// file system's daemon: look-ups of the names "mark-idle-PID", "mark-begin-PID" and "mark-end-PID". Between the first
// two nothing happens: what is seen there comes with a mark. It prints the number of operations.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "mount_rows.h"

namespace {

/// A request, whatever the kernel knows: nobody has asked for the name before.
void look_up(const std::string& name) {
  const std::string path = "/dev/shm/" + name + "-" + std::to_string(getpid());
  struct stat found;
  if (stat(path.c_str(), &found) == 0) std::fprintf(stderr, "mount_steps: there is a %s\n", path.c_str());
}

/// What a thread of the daemon has read before is in the trace before the mark: a tracer reports threads in an order of
/// its own, but none of them only after ten requests more have been answered.
void mark(const std::string& what) {
  static int fences = 0;
  for (int i = 0; i < 10; ++i) look_up("fence" + std::to_string(fences++));
  look_up("mark-" + what);
}

}  // namespace

int main(int argc, char** argv) {
  const int steps = argc == 3 ? std::atoi(argv[2]) : 0;
  const std::unique_ptr<bench::Row> row = steps > 0 ? bench::make_row(argv[1]) : nullptr;
  if (!row) {
    std::fputs("usage: mount_steps ROW STEPS; the rows:\n", stderr);
    for (std::size_t i = 0; bench::row_name(i); ++i) std::fprintf(stderr, "  %s\n", bench::row_name(i));
    return 2;
  }
  for (int i = 0; i < 3; ++i) row->step();  // what the kernel asks once only has been asked then
  mark("idle");
  mark("begin");
  for (int i = 0; i < steps; ++i) row->step();
  mark("end");
  std::printf("%d\n", steps * row->operations());
  return 0;
}
