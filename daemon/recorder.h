// SPDX-License-Identifier: MIT
// Writes the recording: a line of JSON for every operation, before its answer is sent. So the recording has every
// answer that a program got, however the daemon ends.
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
  std::string path, to, flags;  ///< `to`: the other name of rename, link and symlink
  int error = 0;
  long bytes = -1;  ///< read or written; -1 for other operations
};

std::string to_json(const Record& record);

class Recorder {
 public:
  Recorder() = default;
  /// Starts to write to `fd`, which the recorder owns from now on. `shown` names it in messages.
  void start(int fd, std::string shown);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  bool on() const { return fd_ >= 0; }
  void write(const Record& record);
  /// At the end: syncs the file, and logs how many operations could not be written.
  void finish();
  std::uint64_t lost();
  const std::string& shown() const { return shown_; }

 private:
  void put(const std::string& line);

  int fd_ = -1;
  std::string shown_;
  std::mutex mutex_;
  bool torn_ = false;  ///< the last line was written only in part
  bool complained_ = false;
  std::uint64_t lost_ = 0;
};

/// Opens FILE for appending; `-` is standard output. Returns a descriptor or -errno.
int open_recording(const std::string& file);

}  // namespace devshmd
