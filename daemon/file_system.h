// SPDX-License-Identifier: MIT
// What all operations share.
#pragma once

#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <string>

#include "fuse.h"
#include "node_table.h"
#include "passthrough.h"
#include "policy.h"
#include "recorder.h"
#include "space.h"

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

  /// Guards the three below. Reading and writing contents goes on without it.
  std::mutex mutex;
  Space space;
  NodeTable table;
  Passthrough passthrough;
  int pool = -1;  ///< see content_pool.h

  /// What was removed is forgotten by the kernel a moment later, and its room comes back only then; on a tmpfs it is
  /// there at once. So who finds no room waits for that moment. False: there is nothing to wait for, or nothing came
  /// for a while.
  bool room_may_come(std::unique_lock<std::mutex>& lock);
  std::condition_variable forgotten;  ///< something was
  unsigned threads = 1;               ///< that answer; one has to be left to hear of it

  const std::string mount_point;
  Recorder recorder;
  std::string options_shown;  ///< for --status
  fuse_session* session = nullptr;

  bool drops_set_ids = false;  ///< set-id bits are ours to take away, at changes of owner and contents
  int started = -1;            ///< an eventfd, written to when the kernel has said hello

  /// For how long the kernel may answer from what it remembers. All changes go through it, so for ever; but what is to
  /// be recorded has to reach us, and what passthrough changes we are not told of.
  double name_timeout() const { return recorder.on() || mode != Mode::serve ? 0 : for_ever; }
  double attribute_timeout(const Node& node) const { return node.changes_unseen ? 0 : name_timeout(); }

 private:
  unsigned waiting_ = 0;
  static constexpr double for_ever = 365.0 * 24 * 60 * 60;
};

/// What `devshmd --status` shows; it is read as an extended attribute of the mount point, which reaches the right
/// daemon whatever namespace one is in.
inline constexpr const char* status_attribute = "user.devshmd.status";
std::string status_text(FileSystem& fs);

}  // namespace devshmd
