// SPDX-License-Identifier: MIT
#include "recording_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <vector>

#include "json.h"
#include "log.h"

namespace devshmd {
namespace {

// program, operation, path, result
using Row = std::array<std::string, 4>;

/// Control characters and bytes that are not UTF-8 are escaped as in JSON.
std::string printable(const std::string& text) {
  std::string quoted;
  append_json(quoted, text);
  return quoted.substr(1, quoted.size() - 2);
}

std::string at(const std::map<std::string, std::string>& members, const char* name) {
  const auto found = members.find(name);
  return found == members.end() ? std::string() : printable(found->second);
}

}  // namespace

Report make_report(std::istream& recording) {
  Report report;
  std::map<Row, std::size_t> counts;
  std::map<std::string, std::set<std::string>> processes;
  std::size_t operations = 0, failed = 0;

  std::string line;
  while (std::getline(recording, line)) {
    if (line.empty()) continue;
    const auto members = parse_json_line(line);
    if (!members || !members->count("operation") || !members->count("path") || !members->count("result")) {
      ++report.unreadable;
      continue;
    }
    const std::string to = at(*members, "to");
    const Row row{at(*members, "program"), at(*members, "operation"),
                  at(*members, "path") + (to.empty() ? "" : " -> " + to), at(*members, "result")};
    ++counts[row];
    processes[row[0]].insert(at(*members, "pid"));
    ++operations;
    if (row[3] != "OK") ++failed;
  }

  if (operations == 0) {
    report.table = "no operations\n";
    return report;
  }
  const Row heads{"PROGRAM", "OPERATION", "PATH", "RESULT"};
  std::array<std::size_t, 4> widths{};
  for (std::size_t i = 0; i < heads.size(); ++i) widths[i] = heads[i].size();
  std::vector<std::pair<Row, std::size_t>> rows(counts.begin(), counts.end());
  for (const auto& [row, count] : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  // Program by program, the most frequent first.
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.first[0] != b.first[0] ? a.first[0] < b.first[0] : a.second > b.second;
  });

  const auto add = [&](const Row& row, const std::string& count) {
    report.table += fmt::format("{:<{}}  {:<{}}  {:>7}  {:<{}}  {}\n", row[0], widths[0], row[1], widths[1], count,
                                row[3], widths[3], row[2]);
  };
  add(heads, "COUNT");
  for (const auto& [row, count] : rows) add(row, std::to_string(count));
  std::size_t process_count = 0;
  for (const auto& [program, pids] : processes) process_count += pids.size();
  report.table += fmt::format("\n{} operations ({} failed) of {} programs in {} processes\n", operations, failed,
                              processes.size(), process_count);
  return report;
}

int show_report(const std::string& file) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file);
    if (!opened) {
      say("can't read {}: {}", file, explain(errno));
      return 1;
    }
  }
  const Report report = make_report(file == "-" ? std::cin : opened);
  fmt::print("{}", report.table);
  if (report.unreadable) {
    std::fflush(stdout);
    say("{}: {} lines are not records and were left out", file, report.unreadable);
    return 1;
  }
  return 0;
}

}  // namespace devshmd
