// SPDX-License-Identifier: MIT
// Writes messages for the person who runs the daemon: to standard error, and to the system's log once the daemon is in
// the background.
#pragma once

#include <fmt/format.h>

#include <string>

namespace devshmd {

void log_to_syslog();
/// Sends libfuse's messages the same way.
void take_over_libfuse_log();
/// Writes a line. It is escaped, so that the name of a file can't end it (preload/escape.h).
void say_text(const std::string& message);

template <class... Arguments>
void say(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  say_text(fmt::format(format, std::forward<Arguments>(arguments)...));
}

/// "No such file or directory (ENOENT)"
std::string explain(int error);
/// "ENOENT"; of 0 "OK"
std::string error_name(int error);

}  // namespace devshmd
