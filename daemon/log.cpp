// SPDX-License-Identifier: MIT
#include "log.h"

#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <atomic>

namespace devshmd {
namespace {

std::atomic<bool> by_syslog{false};

}  // namespace

void log_to_syslog() {
  openlog("devshmd", LOG_PID, LOG_DAEMON);
  by_syslog = true;
}

void say_text(const std::string& text) {
  if (by_syslog) {
    syslog(LOG_NOTICE, "%s", text.c_str());
    return;
  }
  const std::string line = "devshmd: " + text + "\n";  // one write, so that threads don't mix their lines
  if (write(STDERR_FILENO, line.data(), line.size()) < 0) return;  // there is nobody left to tell
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
