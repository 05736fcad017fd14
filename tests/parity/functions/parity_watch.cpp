// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/fanotify.h>
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

/// Marks a path, opens files, and says which the mark has seen.
std::string marked(int dir, const char* path, unsigned flags) {
  const int watch = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK | FAN_CLOEXEC, O_RDONLY);
  errno = parity::errno_before;
  std::string shown =
      parity::number(fanotify_mark(watch, FAN_MARK_ADD | flags, FAN_OPEN | FAN_EVENT_ON_CHILD, dir, path));
  for (const std::string& file : {parity::real_shm() + "/f", parity::real_shm() + "/dir/g", std::string("/dev/shmfoo")})
    parity::raw(SYS_close, parity::raw(SYS_openat, AT_FDCWD, file.c_str(), O_RDONLY));
  fanotify_event_metadata events[64];
  ssize_t size = read(watch, events, sizeof events);
  for (const fanotify_event_metadata* event = events; FAN_EVENT_OK(event, size); event = FAN_EVENT_NEXT(event, size)) {
    shown += " " + parity::location_of(event->fd);
    parity::raw(SYS_close, event->fd);
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
  for (const unsigned flags : {0u, unsigned{FAN_MARK_DONT_FOLLOW}, unsigned{FAN_MARK_ONLYDIR}}) {
    const std::string how = "watch, " + std::to_string(flags) + ", FAN_OPEN, dir, path";
    parity::each_at("fanotify_mark", how.c_str(), [=](int dir, const char* path) { return marked(dir, path, flags); });
    parity::each_at("syscall", ("SYS_fanotify_mark, " + how).c_str(), [=](int dir, const char* path) {
      const int watch = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC, O_RDONLY);
      errno = parity::errno_before;
      const long result = syscall(SYS_fanotify_mark, watch, FAN_MARK_ADD | flags, FAN_OPEN, dir, path);
      const std::string shown = parity::number(result);
      close(watch);
      return shown;
    });
  }
}
