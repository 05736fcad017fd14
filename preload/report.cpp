// SPDX-License-Identifier: MIT
#include "report.h"

#include "escape.h"
#include "settings.h"
#include "sys.h"

namespace devshm {
namespace {

constinit std::atomic<bool> said[static_cast<std::size_t>(Topic::count)] = {};

std::size_t escaped_size(const char* name) {
  std::size_t total = 0;
  escape(name, length_of(name), [&](const char*, std::size_t size) { total += size; });
  return total;
}

void put_pieces(LineWriter& line, std::initializer_list<std::initializer_list<Piece>> parts) {
  line.add("devshm: ");
  for (const auto& pieces : parts)
    for (const Piece& piece : pieces) piece.text ? line.add_name(piece.text) : line.add(piece.number);
  line.end();
}

void write_log(const char* log, const LineWriter& line) {
  if (same(log, "stderr")) return write_message(line.c_str(), line.size());
  // Don't wait: a pipe of this name that nobody reads would stop the program.
  const sys::Descriptor file(sys::openat(AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666));
  if (file.is_open()) sys::write(file.get(), line.c_str(), line.size());
}

}  // namespace

void write_message(const char* line, std::size_t size) {
  struct stat found;
  if (sys::fstat(2, &found) != 0 || S_ISSOCK(found.st_mode)) return;
  if (S_ISREG(found.st_mode) && (sys::call(SYS_fcntl, 2, F_GETFL) & O_ACCMODE) == O_RDWR) return;
  sys::write(2, line, size);
}

void say_once(Topic topic, std::initializer_list<Piece> what, std::initializer_list<Piece> advice) {
  if (said[static_cast<std::size_t>(topic)].exchange(true, std::memory_order_relaxed)) return;
  Line<512> line;
  put_pieces(line, {what, advice});
  write_message(line.c_str(), line.size());
}

void note(std::initializer_list<Piece> what) {
  Line<512> line;
  put_pieces(line, {what});
  const char* const log = settings().log;
  log ? write_log(log, line) : write_message(line.c_str(), line.size());
}

void log_reroute(const char* function, const char* from, const char* to) {
  const Settings& set = settings();
  if (!set.log) return;
  // Wrappers run on small stacks, so a long line gets memory of its own; without any it is cut off.
  char small[768];
  constexpr std::size_t rest_size = 128;  // of the line without its names
  const std::size_t size = escaped_size(from) + escaped_size(to) + rest_size;
  char* const large = size > sizeof small ? static_cast<char*>(sys::allocate(size)) : nullptr;
  LineWriter line(large ? large : small, large ? size : sizeof small);
  line.add("devshm[").add(sys::getpid()).add("] ").add(function).add(": ");
  line.add_name(from).add(" -> ").add_name(to).end();
  write_log(set.log, line);
  if (large) sys::munmap(large, size);
}

}  // namespace devshm
