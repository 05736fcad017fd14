// SPDX-License-Identifier: MIT
#include "caller.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace devshmd {

Caller parse_status(const std::string& text) {
  const auto line = [&](std::string_view key) -> std::string_view {
    std::size_t at = text.compare(0, key.size(), key) == 0 ? 0 : text.find("\n" + std::string(key));
    if (at == std::string::npos) return {};
    at = text.find('\t', at);
    if (at == std::string::npos) return {};
    const std::size_t end = text.find('\n', at + 1);
    return std::string_view(text).substr(at + 1, end == std::string::npos ? end : end - at - 1);
  };
  Caller caller;
  // The kernel writes a backslash as \\ and a newline as \n.
  const std::string_view name = line("Name:");
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\' && i + 1 < name.size() && (name[i + 1] == '\\' || name[i + 1] == 'n'))
      caller.program += name[++i] == 'n' ? '\n' : '\\';
    else
      caller.program += name[i];
  }
  caller.pid = static_cast<pid_t>(std::strtol(std::string(line("Tgid:")).c_str(), nullptr, 10));
  return caller;
}

Caller caller_of(pid_t thread) {
  if (thread <= 0) return {0, "(kernel)"};
  const int fd = open(fmt::format("/proc/{}/status", thread).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {0, "(gone)"};
  char text[512];  // name and Tgid come first
  const ssize_t size = read(fd, text, sizeof text);
  close(fd);
  if (size <= 0) return {0, "(gone)"};
  return parse_status(std::string(text, static_cast<std::size_t>(size)));
}

}  // namespace devshmd
