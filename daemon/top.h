// SPDX-License-Identifier: MIT
// Implements `devshmd top`: shows live which processes use the file system.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace devshmd {

/// One answer of the daemon to usage_attribute.
struct UsageShot {
  std::string mode, mount_point, contents, limit;
  std::uint64_t objects = 0, operations = 0;
  struct Process {
    std::uint64_t pid = 0, uid = 0;
    std::string program;
    std::uint64_t operations = 0, created = 0, removed = 0, read = 0, written = 0;
    std::string path;  ///< what it used last
  };
  std::vector<Process> processes;
};

/// Nothing if the text is of another version of the daemon.
std::optional<UsageShot> parse_usage(const std::string& text);

/// The screen: the busiest first, `rows` processes at most. `before`: an earlier shot and the seconds since then;
/// without it there are no rates, and the processes are sorted by all that they have done. `name_of_user` may return an
/// empty text.
struct Earlier {
  const UsageShot& shot;
  double seconds;
};
std::string draw_usage(const UsageShot& now, const std::optional<Earlier>& before, std::size_t rows,
                       std::string (*name_of_user)(std::uint64_t uid));

/// Runs `devshmd top`: draws every `interval` seconds until the daemon ends (status 1), or `once`.
int show_top(const std::string& mount_point, bool once, unsigned interval);

}  // namespace devshmd
