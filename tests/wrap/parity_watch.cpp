// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "parity.h"
#include "raw.h"

namespace {

/// Watches a path, changes /dev/shm/f and the directory, and says what the watch has seen.
std::string watched(const char* path, unsigned mask) {
  const int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  errno = parity::errno_before;
  std::string shown = parity::number(inotify_add_watch(watch, path, mask));
  const std::string& shm = parity::real_shm();
  parity::raw(SYS_truncate, (shm + "/f").c_str(), 2L);
  parity::raw(SYS_mkdirat, AT_FDCWD, (shm + "/new").c_str(), 0700);
  alignas(inotify_event) char events[4096];
  const ssize_t size = read(watch, events, sizeof events);
  for (ssize_t at = 0; at < size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(events + at);
    char text[64];
    snprintf(text, sizeof text, " %#x ", event->mask);
    shown += text + std::string(event->len ? event->name : "itself");
    at += static_cast<ssize_t>(sizeof *event + event->len);
  }
  close(watch);
  return shown;
}

}  // namespace

FAMILY(watch) {
  parity::each_path("inotify_add_watch", "watch, path, IN_CREATE | IN_MODIFY",
                    [](const char* path) { return watched(path, IN_CREATE | IN_MODIFY); });
  parity::each_path("inotify_add_watch", "watch, path, IN_CREATE | IN_ONLYDIR | IN_DONT_FOLLOW",
                    [](const char* path) { return watched(path, IN_CREATE | IN_ONLYDIR | IN_DONT_FOLLOW); });
}
