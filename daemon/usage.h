// SPDX-License-Identifier: MIT
// Counts which processes and users use the file system, and how much, for `devshmd --status --json` and `devshmd top`.
//
// What the kernel answers by itself (from its caches, or by passthrough) is not an operation and is not counted.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "caller.h"
#include "node.h"
#include "operation.h"

namespace devshmd {

struct Counters {
  std::uint64_t operations = 0;
  std::uint64_t created = 0, removed = 0;  ///< names
  std::uint64_t read = 0, written = 0;     ///< bytes

  void add(const Counters& other);
};

/// What one process has done so far.
struct ProcessUsage {
  pid_t pid = 0;  ///< 0: the kernel itself, or a process of another pid namespace
  uid_t uid = 0;  ///< the user of its last operation
  std::string program;
  Counters counters;
  Operation last{};       ///< its last operation
  Ino last_ino = 0;       ///< the object of that operation
  std::string last_name;  ///< if not empty, the operation's name in that directory
};

class Usage {
 public:
  /// Counts an operation that a thread asks for. A thread that is new is looked up in /proc at once, since it may have
  /// ended when somebody asks: some microseconds, once. Not for `getattr`: after a directory has changed, the kernel
  /// asks it of each process that goes through the directory. Counts less if there is no memory. Any thread.
  void count(pid_t thread, uid_t uid, Operation operation, Ino ino, const char* name) noexcept;
  /// Counts an operation as successful. `bytes`: those that a read or write transferred.
  void succeeded(pid_t thread, uid_t uid, Operation operation, long bytes) noexcept;

  struct Snapshot {
    Counters total;
    std::array<std::uint64_t, operation_count> by_operation{};
    std::map<uid_t, Counters> users;
    std::vector<ProcessUsage> processes;  ///< the one that asked last comes first
  };
  /// Looks up what the processes that still run execute by now: some microseconds for each.
  Snapshot snapshot();

  /// The most threads that are kept. The ones that have been silent for longest are left out of `processes`.
  static constexpr std::size_t most_threads = 1024;

 private:
  struct Thread {
    ProcessUsage usage;
    std::uint64_t when = 0;
    bool known = false;  ///< was it looked up?
    void know(pid_t id, Caller caller);
  };
  void make_room();

  std::mutex mutex_;
  Counters total_;
  std::array<std::uint64_t, operation_count> by_operation_{};
  std::unordered_map<uid_t, Counters> users_;
  std::unordered_map<pid_t, Thread> threads_;
  std::uint64_t clock_ = 0;  ///< counts operations
};

}  // namespace devshmd
