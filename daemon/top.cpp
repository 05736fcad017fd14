// SPDX-License-Identifier: MIT
#include "top.h"

#include <fmt/format.h>
#ifdef DEVSHMD_IS_STATIC
#include <nss.h>
#endif
#include <pwd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <thread>

#include "log.h"
#include "size.h"
#include "status.h"

namespace devshmd {
namespace {

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream text(line);
  for (std::string field; std::getline(text, field, '\t');) fields.push_back(field);
  return fields;
}

bool take(const std::string& field, std::uint64_t& out) {
  const char* end = field.data() + field.size();
  const auto [parsed, error] = std::from_chars(field.data(), end, out);
  return error == std::errc() && parsed == end;
}

/// Texts are escaped as in JSON, so nothing in them is a command to a terminal.
bool take(const std::string& field, std::string& out) {
  if (field.size() < 2 || field.front() != '"' || field.back() != '"') return false;
  out = field.substr(1, field.size() - 2);
  return true;
}

std::string user_name(std::uint64_t uid) {
#ifdef DEVSHMD_IS_STATIC
  // A static program would load the name services of this machine's libc, which may be another one: /etc/passwd
  // suffices.
  [[maybe_unused]] static const int only_files = __nss_configure_lookup("passwd", "files");
#endif
  const passwd* entry = getpwuid(static_cast<uid_t>(uid));
  return entry ? entry->pw_name : "";
}

/// How often since `before`, or all of it.
struct Ranked {
  const UsageShot::Process* process;
  double rate;
};

std::vector<Ranked> ranked(const UsageShot& now, const std::optional<Earlier>& before) {
  std::map<std::uint64_t, std::uint64_t> earlier;
  if (before)
    for (const auto& process : before->shot.processes) earlier[process.pid] = process.operations;
  std::vector<Ranked> list;
  for (const auto& process : now.processes) {
    const std::uint64_t start = std::min(earlier[process.pid], process.operations);
    const auto done = static_cast<double>(process.operations - start);
    list.push_back({&process, before && before->seconds > 0 ? done / before->seconds : 0});
  }
  std::stable_sort(list.begin(), list.end(), [](const Ranked& a, const Ranked& b) {
    return a.rate != b.rate ? a.rate > b.rate : a.process->operations > b.process->operations;
  });
  return list;
}

std::size_t screen_rows() {
  winsize size{};
  constexpr std::size_t around = 4;  // the head, and the line for the cursor
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return SIZE_MAX;
  return size.ws_row > around ? size.ws_row - around : 1;
}

/// A terminal that can be cleared.
bool has_screen() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) && terminal && *terminal && std::strcmp(terminal, "dumb") != 0;
}

}  // namespace

std::optional<UsageShot> parse_usage(const std::string& text) {
  UsageShot shot;
  std::istringstream lines(text);
  std::string line;
  if (!std::getline(lines, line)) return {};
  const std::vector<std::string> head = fields_of(line);
  if (head.size() != 6 || !take(head[1], shot.mount_point) || !take(head[4], shot.objects) ||
      !take(head[5], shot.operations))
    return {};
  shot.mode = head[0];
  shot.contents = head[2];
  shot.limit = head[3];
  while (std::getline(lines, line)) {
    const std::vector<std::string> fields = fields_of(line);
    UsageShot::Process process;
    if (fields.size() != 9 || !take(fields[0], process.pid) || !take(fields[1], process.uid) ||
        !take(fields[2], process.program) || !take(fields[3], process.operations) ||
        !take(fields[4], process.created) || !take(fields[5], process.removed) || !take(fields[6], process.read) ||
        !take(fields[7], process.written) || !take(fields[8], process.path))
      return {};
    shot.processes.push_back(std::move(process));
  }
  return shot;
}

std::string draw_usage(const UsageShot& now, const std::optional<Earlier>& before, std::size_t rows,
                       std::string (*name_of_user)(std::uint64_t uid)) {
  std::string text = fmt::format("devshmd: {} at {}", now.mode, now.mount_point);
  if (now.mode == "serve") text += fmt::format(", {} of {}, {} objects", now.contents, now.limit, now.objects);
  text += fmt::format("\n{} operations", now.operations);
  if (before && before->seconds > 0 && now.operations >= before->shot.operations)
    text += fmt::format(", {:.0f} a second",
                        static_cast<double>(now.operations - before->shot.operations) / before->seconds);
  constexpr auto format = "{:>7} {:<10} {:<15} {:>8} {:>10} {:>8} {:>8} {:>10} {:>10}  {}\n";
  text += "\n" + fmt::format(format, "PID", "USER", "PROGRAM", "OPS/S", "OPERATIONS", "CREATED", "REMOVED", "READ",
                             "WRITTEN", "LAST USED");
  for (const Ranked& each : ranked(now, before)) {
    if (rows-- == 0) break;
    const UsageShot::Process& process = *each.process;
    const std::string user = name_of_user(process.uid);
    text += fmt::format(format, process.pid, user.empty() ? std::to_string(process.uid) : user, process.program,
                        before ? fmt::format("{:.1f}", each.rate) : "-", process.operations, process.created,
                        process.removed, show_size(process.read), show_size(process.written), process.path);
  }
  if (now.processes.empty()) text += "nobody has used it yet\n";
  return text;
}

int show_top(const std::string& mount_point, bool once, unsigned interval) {
  using Clock = std::chrono::steady_clock;
  std::optional<UsageShot> earlier;
  Clock::time_point earlier_time;
  const bool clears = !once && has_screen();
  for (;;) {
    const std::optional<std::string> text = ask_daemon(mount_point, usage_attribute);
    if (!text) return 1;
    const auto time = Clock::now();
    std::optional<UsageShot> now = parse_usage(*text);
    if (!now) {
      say("the daemon at {} and this command have different versions", mount_point);
      return 1;
    }
    std::optional<Earlier> before;
    if (earlier) before.emplace(Earlier{*earlier, std::chrono::duration<double>(time - earlier_time).count()});
    fmt::print("{}{}{}", clears ? "\x1b[H\x1b[2J" : "",
               draw_usage(*now, before, clears ? screen_rows() : SIZE_MAX, user_name), clears || once ? "" : "\n");
    if (std::fflush(stdout) != 0) return 1;
    if (once) return 0;
    earlier = std::move(now);
    earlier_time = time;
    std::this_thread::sleep_for(std::chrono::seconds(interval));
  }
}

}  // namespace devshmd
