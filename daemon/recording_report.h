// SPDX-License-Identifier: MIT
// Implements `devshmd report`: shows a recording as a table.
#pragma once

#include <istream>
#include <string>

namespace devshmd {

struct Report {
  std::string table;
  std::size_t unreadable = 0;  ///< lines that are not records: broken off, or something else
};

Report make_report(std::istream& recording);

/// Runs `devshmd report FILE`; returns the exit status.
int show_report(const std::string& file);

}  // namespace devshmd
