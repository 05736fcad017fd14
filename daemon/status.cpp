// SPDX-License-Identifier: MIT
// Both sides of --status: the daemon that answers, and the command that asks.
#include "status.h"

#include <fmt/format.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "file_system.h"
#include "log.h"
#include "size.h"

namespace devshmd {

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

int show_status(const std::string& mount_point) {
  char text[16384];
  const ssize_t size = getxattr(mount_point.c_str(), status_attribute, text, sizeof text);
  if (size < 0 && errno == ENOTCONN) {
    fmt::print("mode: dead (the daemon has gone; devshmd umount clears it, and so does the next start)\n");
    return 1;
  }
  if (size < 0) {
    say("no devshmd answers at {}: {}", mount_point, explain(errno));
    return 1;
  }
  std::fwrite(text, 1, static_cast<std::size_t>(size), stdout);
  return 0;
}

}  // namespace devshmd
