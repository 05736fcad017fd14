// SPDX-License-Identifier: MIT
// The recording: a line of JSON for every operation, written before its answer goes out. So nothing that a program has
// been told is missing from it, however the daemon ends.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <mutex>
#include <string>

#include "operation.h"

namespace devshmd {

struct Record {
  timespec time{};
  pid_t pid = 0, tid = 0;
  uid_t uid = 0;
  std::string program;
  Operation operation{};
  std::string path, to, flags;  ///< `to`: of rename, link and symlink
  int error = 0;
  long bytes = -1;  ///< read or written; -1: none of these
};

std::string to_json(const Record& record);

class Recorder {
 public:
  Recorder() = default;
  /// `fd`: where the lines go; it is the recorder's from now on. `shown` names it in messages.
  void start(int fd, std::string shown);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  bool on() const { return fd_ >= 0; }
  void write(const Record& record);
  /// Hands what is written to the disk, and says how much could not be. For the end.
  void finish();
  std::uint64_t lost();
  const std::string& shown() const { return shown_; }

 private:
  void put(const std::string& line);

  int fd_ = -1;
  std::string shown_;
  std::mutex mutex_;
  bool torn_ = false;  ///< the last line was written in part
  bool complained_ = false;
  std::uint64_t lost_ = 0;
};

/// Opens FILE for a recorder, which goes on after what is in it; `-` is standard output. Below 0: -errno.
int open_recording(const std::string& file);

}  // namespace devshmd
