// SPDX-License-Identifier: MIT
#include "report.h"

#include "settings.h"
#include "sys.h"

namespace devshm {
namespace {

constinit std::atomic<bool> said[static_cast<std::size_t>(Topic::count)] = {};

}  // namespace

void say_once(Topic topic, std::initializer_list<Piece> pieces) {
  if (said[static_cast<std::size_t>(topic)].exchange(true, std::memory_order_relaxed)) return;
  Line<512> line;
  line.add("devshm: ");
  for (const Piece& piece : pieces) piece.text ? line.add(piece.text) : line.add(piece.number);
  line.end();
  sys::write(2, line.c_str(), line.size());
}

void log_reroute(const char* function, const char* from, const char* to) {
  const Settings& set = settings();
  if (!set.log) return;
  Line<768> line;  // wrappers run on small stacks: a longer path is cut off
  line.add("devshm[").add(sys::getpid()).add("] ").add(function).add(": ");
  line.add(from).add(" -> ").add(to).end();
  if (same(set.log, "stderr")) {
    sys::write(2, line.c_str(), line.size());
    return;
  }
  // Without waiting: a pipe of this name that nobody reads would stop the program.
  const int fd = sys::openat(AT_FDCWD, set.log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
  if (sys::failed(fd)) return;
  sys::write(fd, line.c_str(), line.size());
  sys::close(fd);
}

}  // namespace devshm
