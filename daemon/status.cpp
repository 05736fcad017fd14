// SPDX-License-Identifier: MIT
#include "status.h"

#include <fmt/format.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "file_system.h"
#include "json.h"
#include "log.h"
#include "size.h"

namespace devshmd {
namespace {

/// The kernel passes on no more of an attribute. What doesn't fit is left out, and counted.
constexpr std::size_t most_text = 60000;

std::string quoted(std::string_view text) {
  std::string out;
  append_json(out, text);
  return out;
}

std::string status_text(FileSystem& fs) {
  const std::uint64_t lost = fs.recorder.on() ? fs.recorder.lost() : 0;
  const std::lock_guard lock(fs.mutex);
  const auto limit = [](std::uint64_t value, const std::string& shown) {
    return value ? shown : std::string("no limit");
  };
  const Space& space = fs.space;
  std::string text = fmt::format("mode: {}\nversion: {}\nprocess: {}\nmount point: {}\n", name_of(fs.mode),
                                 DEVSHMD_VERSION, getpid(), fs.mount_point);
  if (!fs.options_shown.empty()) text += fmt::format("options: {}\n", fs.options_shown);
  if (fs.mode == Mode::serve) {
    text += fmt::format("passthrough: {}\n", fs.passthrough.state());
    text += fmt::format("contents: {} of {}\n", show_size(space.pages_used() * page_size),
                        limit(space.page_limit(), show_size(space.page_limit() * page_size)));
    text += fmt::format("objects: {} of {}\n", fs.table.size(),
                        limit(space.inode_limit(), std::to_string(space.inode_limit())));
  }
  if (fs.recorder.on()) {
    text += fmt::format("recording: {}\n", fs.recorder.shown());
    if (lost) text += fmt::format("operations missing from the recording: {}\n", lost);
  }
  return text;
}

/// A whole number, or null if there is no limit.
std::string limit(std::uint64_t value) { return value ? std::to_string(value) : "null"; }

std::string json_of(const Counters& counters) {
  return fmt::format(R"("operations":{},"created":{},"removed":{},"read":{},"written":{})", counters.operations,
                     counters.created, counters.removed, counters.read, counters.written);
}

std::string last_path(FileSystem& fs, const ProcessUsage& process) {
  const std::lock_guard lock(fs.mutex);
  return process.last_name.empty() ? fs.table.path(process.last_ino)
                                   : fs.table.path(process.last_ino, process.last_name);
}

std::string json_text(FileSystem& fs) {
  const Usage::Snapshot usage = fs.usage.snapshot();
  std::string text;
  {
    const std::lock_guard lock(fs.mutex);
    text =
        fmt::format(R"({{"mode":{},"version":{},"process":{},"mount_point":{},"options":{})", quoted(name_of(fs.mode)),
                    quoted(DEVSHMD_VERSION), getpid(), quoted(fs.mount_point), quoted(fs.options_shown));
    if (fs.mode == Mode::serve) {
      const Space& space = fs.space;
      const std::string state = fs.passthrough.state();
      text += fmt::format(R"(,"passthrough":{},"passthrough_state":{})", state.starts_with("yes"), quoted(state));
      text += fmt::format(R"(,"contents":{{"used":{},"limit":{}}})", space.pages_used() * page_size,
                          limit(space.page_limit() * page_size));
      text += fmt::format(R"(,"objects":{{"used":{},"limit":{}}})", fs.table.size(), limit(space.inode_limit()));
    }
  }
  if (fs.recorder.on())
    text += fmt::format(R"(,"recording":{{"file":{},"missing":{}}})", quoted(fs.recorder.shown()), fs.recorder.lost());
  text += fmt::format(R"(,"total":{{{}}},"operations":{{)", json_of(usage.total));
  const char* comma = "";
  for (std::size_t i = 0; i < operation_count; ++i) {
    if (usage.by_operation[i] == 0) continue;
    text += fmt::format("{}{}:{}", comma, quoted(name_of(static_cast<Operation>(i))), usage.by_operation[i]);
    comma = ",";
  }
  std::size_t left_out = 0;
  const auto add_rows = [&](const char* key, const auto& rows, const auto& row) {
    text += fmt::format(R"(,"{}":[)", key);
    const char* separator = "";
    for (const auto& each : rows) {
      const std::string added = row(each);
      if (text.size() + added.size() > most_text) {
        ++left_out;
        continue;
      }
      text += separator + added;
      separator = ",";
    }
    text += "]";
  };
  text += "}";
  add_rows("users", usage.users,
           [](const auto& each) { return fmt::format(R"({{"uid":{},{}}})", each.first, json_of(each.second)); });
  add_rows("processes", usage.processes, [&](const ProcessUsage& each) {
    return fmt::format(R"({{"pid":{},"uid":{},"program":{},{},"last":{},"path":{}}})", each.pid, each.uid,
                       quoted(each.program), json_of(each.counters), quoted(name_of(each.last)),
                       quoted(last_path(fs, each)));
  });
  return text + fmt::format(R"(,"left_out":{}}})", left_out) + "\n";
}

/// A first line for the whole, then one for each process; top.cpp reads them. JSON's escapes leave no tab and no line's
/// end.
std::string usage_text(FileSystem& fs) {
  const Usage::Snapshot usage = fs.usage.snapshot();
  std::string text;
  {
    const std::lock_guard lock(fs.mutex);
    text = fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", name_of(fs.mode), quoted(fs.mount_point),
                       show_size(fs.space.pages_used() * page_size),
                       fs.space.page_limit() ? show_size(fs.space.page_limit() * page_size) : "no limit",
                       fs.table.size(), usage.total.operations);
  }
  for (const ProcessUsage& each : usage.processes) {
    const Counters& counters = each.counters;
    const std::string line = fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", each.pid, each.uid,
                                         quoted(each.program), counters.operations, counters.created, counters.removed,
                                         counters.read, counters.written, quoted(last_path(fs, each)));
    if (text.size() + line.size() <= most_text) text += line;
  }
  return text;
}

}  // namespace

std::optional<std::string> status_answer(FileSystem& fs, const std::string& attribute) {
  if (attribute == status_attribute) return status_text(fs);
  if (attribute == json_attribute) return json_text(fs);
  if (attribute == usage_attribute) return usage_text(fs);
  return {};
}

std::optional<std::string> ask_daemon(const std::string& mount_point, const char* attribute) {
  std::string text(65536, '\0');
  const ssize_t size = getxattr(mount_point.c_str(), attribute, text.data(), text.size());
  if (size < 0) {
    say("no devshmd answers at {}: {}", mount_point, explain(errno));
    return {};
  }
  text.resize(static_cast<std::size_t>(size));
  return text;
}

int show_status(const std::string& mount_point, bool json) {
  if (getxattr(mount_point.c_str(), status_attribute, nullptr, 0) < 0 && errno == ENOTCONN) {
    if (json)
      fmt::print("{{\"mode\":\"dead\"}}\n");
    else
      fmt::print("mode: dead (the daemon has gone; devshmd umount clears it, and so does the next start)\n");
    return 1;
  }
  const auto text = ask_daemon(mount_point, json ? json_attribute : status_attribute);
  if (!text) return 1;
  std::fwrite(text->data(), 1, text->size(), stdout);
  return 0;
}

}  // namespace devshmd
