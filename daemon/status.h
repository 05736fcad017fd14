// SPDX-License-Identifier: MIT
// Shows a daemon's state: implements `devshmd --status` and `--status --json`, and provides what `devshmd top` shows.
//
// A command asks by reading an extended attribute of the mount point: that reaches the right daemon from every mount
// namespace.
#pragma once

#include <optional>
#include <string>

namespace devshmd {

struct FileSystem;

inline constexpr const char* status_attribute = "user.devshmd.status";     ///< lines to read
inline constexpr const char* json_attribute = "user.devshmd.status.json";  ///< one line of JSON
inline constexpr const char* usage_attribute =
    "user.devshmd.status.usage";  ///< lines of fields with tabs in between, for top

/// The daemon's answer, or nothing if the attribute is none of these. Takes the file system's lock.
std::optional<std::string> status_answer(FileSystem& fs, const std::string& attribute);

/// The command's side: asks the daemon at `mount_point`. If none answers, writes what is wrong and returns nothing.
std::optional<std::string> ask_daemon(const std::string& mount_point, const char* attribute);

/// Runs `devshmd --status`; returns the exit status.
int show_status(const std::string& mount_point, bool json);

}  // namespace devshmd
