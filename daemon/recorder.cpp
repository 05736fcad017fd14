// SPDX-License-Identifier: MIT
#include "recorder.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

#include "json.h"
#include "log.h"

namespace devshmd {

std::string to_json(const Record& record) {
  std::string line;
  fmt::format_to(std::back_inserter(line),
                 "{{\"time\":\"{:%Y-%m-%dT%H:%M:%S}.{:06}Z\",\"pid\":{},\"tid\":{},\"uid\":{},\"program\":",
                 fmt::gmtime(record.time.tv_sec), record.time.tv_nsec / 1000, record.pid, record.tid, record.uid);
  append_json(line, record.program);
  fmt::format_to(std::back_inserter(line), ",\"operation\":\"{}\",\"path\":", name_of(record.operation));
  append_json(line, record.path);
  if (!record.to.empty()) {
    line += ",\"to\":";
    append_json(line, record.to);
  }
  if (!record.flags.empty()) {
    line += ",\"flags\":";
    append_json(line, record.flags);
  }
  if (record.bytes >= 0) fmt::format_to(std::back_inserter(line), ",\"bytes\":{}", record.bytes);
  fmt::format_to(std::back_inserter(line), ",\"result\":\"{}\"}}\n", error_name(record.error));
  return line;
}

int open_recording(const std::string& file) {
  if (file == "-") {
    const int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    return fd < 0 ? -errno : fd;
  }
  // Opening a pipe without a reader would wait for one; with O_NONBLOCK it fails with ENXIO. Later the recorder waits
  // for a slow reader.
  constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;
  const int fd = open(file.c_str(), flags | O_NONBLOCK, 0600);
  if (fd < 0) return -errno;
  fcntl(fd, F_SETFL, O_APPEND);
  return fd;
}

void Recorder::start(int fd, std::string shown) {
  fd_ = fd;
  shown_ = std::move(shown);
}

Recorder::~Recorder() {
  if (fd_ >= 0) close(fd_);
}

void Recorder::write(const Record& record) {
  const std::string line = to_json(record);
  const std::lock_guard lock(mutex_);
  // After a line that broke off, this one starts on a line of its own.
  put(torn_ ? "\n" + line : line);
}

void Recorder::put(const std::string& line) {
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t put = ::write(fd_, line.data() + done, line.size() - done);
    if (put > 0) {
      done += static_cast<std::size_t>(put);
      continue;
    }
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) {  // a pipe that another process made non-blocking
      pollfd ready{fd_, POLLOUT, 0};
      poll(&ready, 1, -1);
      continue;
    }
    if (!complained_) {
      complained_ = true;
      say("can't write the recording {}: {}; the daemon goes on, and counts the missing operations", shown_,
          explain(errno));
    }
    torn_ = torn_ || done > 0;
    ++lost_;
    return;
  }
  torn_ = false;
}

void Recorder::finish() {
  if (fd_ < 0) return;
  const std::lock_guard lock(mutex_);
  fdatasync(fd_);  // fails for a pipe, which has nothing to sync
  if (lost_) say("the recording {} lacks {} operations", shown_, lost_);
}

std::uint64_t Recorder::lost() {
  const std::lock_guard lock(mutex_);
  return lost_;
}

}  // namespace devshmd
