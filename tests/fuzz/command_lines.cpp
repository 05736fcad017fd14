// SPDX-License-Identifier: MIT
//
// devshmd's command line, sizes as people write them, and recordings that are torn, forged or of something else. An
// input is lines: each an argument, and each a line of a recording.
#include <set>
#include <sstream>

#include "../../daemon/json.cpp"
#include "../../daemon/log.cpp"
#include "../../daemon/options.cpp"
#include "../../daemon/policy.cpp"
#include "../../daemon/recording_report.cpp"
#include "../../daemon/size.cpp"
#include "fuzz.h"

namespace {

using devshmd::Command;
using devshmd::Mode;
using devshmd::Options;
using devshmd::Parsed;

/// The same options as words, in the plainest form.
std::vector<std::string> words_of(const Options& options) {
  if (options.command == Command::help) return {"--help"};
  if (options.command == Command::version) return {"--version"};
  if (options.command == Command::report) return {"report", "--", options.report_file};
  if (options.command == Command::umount) return {"umount", "--", options.mount_point};
  if (options.command == Command::status) return {"--status", "--", options.mount_point};
  std::vector<std::string> words{devshmd::name_of(options.mode)};
  if (options.size) words.insert(words.end(), {"--size", *options.size});
  if (options.inodes) words.push_back("--inodes=" + std::to_string(*options.inodes));
  if (!options.record.empty()) words.insert(words.end(), {"--record", options.record});
  for (const std::string& also : options.also) words.insert(words.end(), {"--also", also});
  if (options.allow_other) words.push_back("--allow-other");
  if (options.exec) words.push_back("--exec");
  if (!options.passthrough) words.push_back("--no-passthrough");
  if (options.no_dirty_limit) words.push_back("--no-dirty-limit");
  if (options.daemonize) words.push_back("--daemonize");
  if (options.ready_fd >= 0) words.insert(words.end(), {"--ready-fd", std::to_string(options.ready_fd)});
  words.insert(words.end(), {"--", options.mount_point});
  return words;
}

void command_line(const std::vector<std::string>& arguments) {
  const Parsed parsed = devshmd::parse_options(arguments);
  if (!parsed.error.empty()) return;
  const Options& options = parsed.options;
  const std::vector<std::string> plain = words_of(options);
  const Parsed again = devshmd::parse_options(plain);
  EXPECT(again.error.empty(), again.error);
  EXPECT(words_of(again.options) == plain);

  // What is promised to everybody behind it.
  if (options.command != Command::run) return;
  EXPECT(!options.mount_point.empty() && options.ready_fd >= -1);
  EXPECT(options.mode == Mode::serve || (!options.size && !options.inodes && !options.exec), options.mount_point);
  EXPECT(!options.size || devshmd::parse_size(*options.size, 1), *options.size);
  EXPECT(!options.daemonize || options.record != "-");
}

/// With 128 bits nothing overflows unseen.
void size(const std::string& text) {
  unsigned __int128 number = 0;
  std::size_t at = 0;
  bool fits = true;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    number = number * 10 + static_cast<unsigned>(text[at] - '0');
    fits = fits && number <= UINT64_MAX;
    if (!fits) number = 0;
  }
  const std::string unit = text.substr(at);
  const std::size_t power = unit.size() == 1 ? std::string("kKmMgGtT").find(unit) : std::string::npos;
  constexpr std::uint64_t memory = 123456789012345;
  std::optional<std::uint64_t> expected;
  if (at != 0 && fits) {
    if (unit.empty()) expected = static_cast<std::uint64_t>(number);
    if (unit == "%" && number <= 100) expected = static_cast<std::uint64_t>(memory * number / 100);
    if (power != std::string::npos) {
      number <<= 10 * (power / 2 + 1);
      if (number <= UINT64_MAX) expected = static_cast<std::uint64_t>(number);
    }
  }
  const auto got = devshmd::parse_size(text, memory);
  EXPECT(got == expected, text, std::to_string(got.value_or(0)), std::to_string(expected.value_or(0)));
  if (got) EXPECT(!devshmd::show_size(*got).empty());
}

/// Any bytes come back unharmed.
void json(const std::string& text) {
  std::string line = "{\"x\":";
  devshmd::append_json(line, text);
  line += "}";
  for (const char c : line) EXPECT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, text);
  const auto members = devshmd::parse_json_line(line);
  EXPECT(members && members->size() == 1 && members->at("x") == text, line);
}

void recording(const std::string& text) {
  std::size_t records = 0, others = 0, failed = 0;
  std::set<std::string> programs;
  for (const std::string& line : fuzz::split(text, '\n')) {
    if (line.empty()) continue;
    const auto members = devshmd::parse_json_line(line);
    if (!members || !members->count("operation") || !members->count("path") || !members->count("result")) {
      ++others;
      continue;
    }
    ++records;
    failed += members->at("result") != "OK";
    programs.insert(members->count("program") ? members->at("program") : "");
    // What was read as a record says the same when it is written again.
    std::string again;
    for (const auto& [name, value] : *members) {
      again += again.empty() ? "{" : ", ";
      devshmd::append_json(again, name);
      again += " : ";
      devshmd::append_json(again, value);
    }
    EXPECT(devshmd::parse_json_line(again + "}") == members, line);
    EXPECT(!devshmd::parse_json_line(again), line);  // torn off
  }
  std::istringstream stream(text);
  const devshmd::Report report = devshmd::make_report(stream);
  EXPECT(report.unreadable == others, report.table);
  for (const char c : report.table) EXPECT((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\n', text);
  const std::string sum = std::to_string(records) + " operations (" + std::to_string(failed) + " failed) of " +
                          std::to_string(programs.size()) + " programs";
  EXPECT(report.table.find(records ? sum : "no operations") != std::string::npos, report.table, sum);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate_lines(data, size, max_size, seed,
                            {"@", "@", "@=#", "--size", "--size=#M", "#", "#K", "#%", "--also", "--",
                             "{\"operation\":\"open\",\"path\":\"/dev/shm/x\",\"result\":\"OK\"}",
                             "{\"program\":\"@\",\"operation\":\"@\",\"path\":\"\\u00e9\\udc80\",\"to\":\"@\","
                             "\"result\":\"ENOENT\",\"pid\":#}",
                             "{\"path\":\"\\ud83d\\ude00\", \"result\" : -#,\"operation\":#}"},
                            {"serve",       "hidden",           "denied",
                             "full",        "readonly",         "umount",
                             "report",      "--size",           "--inodes",
                             "--record",    "--also",           "--allow-other",
                             "--exec",      "--no-passthrough", "--no-dirty-limit",
                             "--daemonize", "--ready-fd",       "--status",
                             "--help",      "--version",        "--",
                             "-",           "/dev/shm",         "64M",
                             "50%",         "17179869184G",     "18446744073709551615"});
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
  const std::string text = fuzz::text_of(data, length);
  const std::vector<std::string> lines = fuzz::split(text, '\n');
  command_line(lines);
  for (std::size_t i = 0; i < lines.size() && i < 4; ++i) size(lines[i]);
  json(text);
  recording(text);
  return 0;
}
