// SPDX-License-Identifier: MIT
#include "log.h"

#include <fuse_log.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstdio>

#include "../preload/escape.h"

namespace devshmd {
namespace {

std::atomic<bool> by_syslog{false};

}  // namespace

void log_to_syslog() {
  openlog("devshmd", LOG_PID, LOG_DAEMON);
  by_syslog = true;
}

void say_text(const std::string& message) {
  std::string text;
  devshm::escape(message.data(), message.size(),
                 [&](const char* piece, std::size_t size) { text.append(piece, size); });
  if (by_syslog) {
    syslog(LOG_NOTICE, "%s", text.c_str());
    return;
  }
  const std::string line = "devshmd: " + text + "\n";              // one write, so that threads don't mix their lines
  if (write(STDERR_FILENO, line.data(), line.size()) < 0) return;  // nobody reads it any more
}

void take_over_libfuse_log() {
  fuse_set_log_func([](fuse_log_level level, const char* format, va_list arguments) {
    if (level > FUSE_LOG_WARNING) return;
    char text[512];
    std::vsnprintf(text, sizeof text, format, arguments);
    std::string line = text;
    while (!line.empty() && line.back() == '\n') line.pop_back();
    say_text("libfuse: " + line);
  });
}

std::string error_name(int error) {
  if (error == 0) return "OK";
  const char* name = strerrorname_np(error);
  return name ? name : fmt::format("E{}", error);
}

std::string explain(int error) {
  const char* text = strerrordesc_np(error);
  return fmt::format("{} ({})", text ? text : "unknown error", error_name(error));
}

}  // namespace devshmd
