// SPDX-License-Identifier: MIT
// A recording as a table.
#pragma once

#include <istream>
#include <string>

namespace devshmd {

struct Report {
  std::string table;
  std::size_t unreadable = 0;  ///< lines that are no record: broken off, or of something else
};

Report make_report(std::istream& recording);

/// devshmd report FILE: the exit status.
int show_report(const std::string& file);

}  // namespace devshmd
