// SPDX-License-Identifier: MIT
// Parses the command line. Pure: it looks at nothing but the words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy.h"

namespace devshmd {

enum class Command { run, umount, report, status, top, help, version };

struct Options {
  Command command = Command::run;
  Mode mode = Mode::serve;
  bool mode_given = false;
  std::string mount_point = "/dev/shm";
  std::optional<std::string> size;      ///< as it was written: a percentage needs the size of the memory
  std::optional<std::uint64_t> inodes;  ///< 0: without a limit
  std::string record;                   ///< empty: none
  std::vector<std::string> also;
  bool allow_other = false;
  bool exec = false;
  bool passthrough = true;
  bool no_dirty_limit = false;
  bool low_latency = false;
  bool daemonize = false;
  int ready_fd = -1;
  std::string report_file;
  bool json = false;      ///< for --status
  bool once = false;      ///< for top
  unsigned interval = 2;  ///< for top, in seconds
};

struct Parsed {
  Options options;
  std::string error;  ///< what is wrong with the words; empty if nothing is
};

Parsed parse_options(const std::vector<std::string>& arguments);

std::string help_text();

}  // namespace devshmd
