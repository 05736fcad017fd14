// SPDX-License-Identifier: MIT
// What all operations share, and the lock that guards a part of it.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <string>

#include "fuse.h"
#include "node_table.h"
#include "passthrough.h"
#include "policy.h"
#include "recorder.h"
#include "space.h"
#include "usage.h"

namespace devshmd {

struct FileSystem {
  FileSystem(Mode mode, Space space_, Owner owner, const std::string& mount_point)
      : mode(mode), space(space_), table(space, owner, mount_point), mount_point(mount_point) {}

  ~FileSystem() {
    if (pool >= 0) close(pool);
  }
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;

  const Mode mode;

  /// Guards the three below: once threads answer, they are reached through Locked. Contents are read and written
  /// without it.
  std::mutex mutex;
  Space space;
  NodeTable table;
  Passthrough passthrough;
  int pool = -1;  ///< see content_pool.h

  std::condition_variable forgotten;  ///< notified when the kernel has forgotten an object
  unsigned threads = 1;               ///< that answer; one has to stay free to be notified

  const std::string mount_point;
  Recorder recorder;
  Usage usage;
  std::string options_shown;  ///< for --status
  fuse_session* session = nullptr;

  bool drops_set_ids = false;  ///< the daemon has to drop set-id bits when the owner or the contents change
  int started = -1;            ///< an eventfd, written to when the kernel has sent INIT

  /// For how long the kernel may answer from its caches, in seconds. All changes go through the kernel, so for ever;
  /// but a recording needs every request, and passthrough changes files without one.
  double name_timeout() const { return recorder.on() || mode != Mode::serve ? 0 : for_ever; }
  double attribute_timeout(const Node& node) const { return node.changes_unseen ? 0 : name_timeout(); }

 private:
  friend class Locked;
  unsigned waiting_ = 0;
  static constexpr double for_ever = 365.0 * 24 * 60 * 60;
};

/// The file system with its lock held. A function that takes it by value releases it.
class Locked {
 public:
  explicit Locked(FileSystem& fs) : fs_(fs), lock_(fs.mutex) {}

  NodeTable& table() const { return fs_.table; }
  Space& space() const { return fs_.space; }
  Passthrough& passthrough() const { return fs_.passthrough; }

  void release() { lock_.unlock(); }
  /// Releases the lock while `act` runs.
  template <class Act>
  auto unlocked(Act&& act) {
    lock_.unlock();
    auto result = act();
    lock_.lock();
    return result;
  }

  /// Repeats `make`, which returns an errno value, as long as it finds no room and some may come back. The lock is
  /// released while waiting: what `make` uses has to be held by the kernel (an open file, a parent) or looked up in it.
  template <class Make>
  int with_room(Make&& make) {
    for (;;) {
      const int error = make();
      if (error != ENOSPC || !room_may_come()) return error;
    }
  }

 private:
  /// The kernel forgets a removed object a moment after its removal, and the object's room comes back only then; on a
  /// tmpfs it comes back at once. So a caller without room waits for that moment. False if there is nothing to wait
  /// for, or nothing came for a while.
  bool room_may_come();

  FileSystem& fs_;
  std::unique_lock<std::mutex> lock_;
};

}  // namespace devshmd
