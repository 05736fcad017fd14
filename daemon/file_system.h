// SPDX-License-Identifier: MIT
// Holds what all operations share, and the lock that guards a part of it.
#pragma once

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <string>

#include "caller.h"
#include "fuse.h"
#include "handshake.h"
#include "node_table.h"
#include "passthrough.h"
#include "policy.h"
#include "protocol.h"
#include "recorder.h"
#include "request_queue.h"
#include "space.h"
#include "usage.h"

namespace devshmd {

/// The most bytes that a request to write has.
constexpr std::size_t largest_write = 1 << 20;

struct FileSystem {
  FileSystem(Mode mode, Space space_, Owner owner, const std::string& mount_point)
      : mode(mode), space(space_), table(space, owner, mount_point), mount_point(mount_point) {}

  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;

  const Mode mode;

  /// Guards what follows, up to `passthrough`: once threads answer, they are reached through Locked. Contents are read
  /// and written without it.
  std::mutex mutex;
  Space space;
  ContentPool pool;
  NodeTable table;
  Passthrough passthrough;

  std::condition_variable forgotten;  ///< notified when the kernel has forgotten an object
  unsigned threads = 1;               ///< how many answer; one has to stay free to be notified

  const std::string mount_point;
  Handshake handshake;
  RequestQueue queue;
  Recorder recorder;
  Usage usage;
  Callers callers;            ///< for the recorder
  std::string options_shown;  ///< for --status
  fuse_session* session = nullptr;

  bool drops_set_ids = false;  ///< the daemon has to drop set-id bits when the owner or the contents change
  int started = -1;            ///< an eventfd, written to when the kernel has sent INIT

  /// May the kernel answer from its caches? All changes go through it; but a recording needs every request.
  bool kernel_caches() const { return mode == Mode::serve && !recorder.on(); }
  /// For how long the kernel may do so, in seconds.
  double name_timeout() const { return kernel_caches() ? for_ever : 0; }
  /// Passthrough changes a file without a request. But an empty file can't change without one, or without the kernel
  /// dropping its attributes: only a write makes it grow.
  double attribute_timeout(const Node& node, const struct stat& attributes) const {
    return node.changes_unseen && attributes.st_size != 0 ? 0 : name_timeout();
  }
  /// Must each `open` be a request? Only a recording, a mode that refuses it, and passthrough need it.
  bool wants_opens() const { return !kernel_caches() || passthrough.active(); }
  /// Must each `opendir` be one? The kernel can do without since Linux 5.1.
  bool wants_opendirs() const { return !kernel_caches() || !handshake.offers(protocol::no_opendir); }

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

  /// Opens the file of `node`. Returns the backing id for the answer, or 0.
  int open_file(Node& node) { return fs_.passthrough.open(fuse_session_fd(fs_.session), node); }
  void release_file(Node& node) {
    fs_.passthrough.release(node);
    if (node.opens == 0) fs_.table.save_descriptor(node);
  }

  void release() { lock_.unlock(); }
  /// Releases the lock while `act` runs.
  template <class Act>
  auto unlocked(Act&& act) {
    lock_.unlock();
    auto result = act();
    lock_.lock();
    return result;
  }

  /// Makes the kernel drop the attributes of an object that it has cached. The lock is released meanwhile.
  void invalidate_attributes(Ino ino) { invalidate(ino, -1); }
  /// Makes the kernel write back what was stored into mappings of a file, and drop the pages that it has cached. The
  /// lock is released meanwhile: the pages arrive as requests.
  void flush(Ino ino) { invalidate(ino, 0); }

  /// Repeats `make`, which returns an errno value, as long as it finds no room and some may come back. The lock is
  /// released while waiting: what `make` uses has to be held by the kernel (an open file, a parent) or looked up in it.
  template <class Make>
  int with_room(Make&& make) {
    for (;;) {
      const std::size_t dropped = table().dropped();
      const int error = make();
      if (error != ENOSPC) return error;
      // `make` may have released the lock, and an object may have been dropped meanwhile: that is the last to wait for.
      if (table().dropped() == dropped && !room_may_come()) return error;
    }
  }

 private:
  /// The kernel forgets a removed object a moment after its removal, and the object's room comes back only then; on a
  /// tmpfs it comes back at once. So a caller without room waits for that moment. False if there is nothing to wait
  /// for, or nothing came for a while.
  bool room_may_come();

  void invalidate(Ino ino, off_t from);

  FileSystem& fs_;
  std::unique_lock<std::mutex> lock_;
};

}  // namespace devshmd
