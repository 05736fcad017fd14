// SPDX-License-Identifier: MIT
// One request on its way: may the mode refuse it, what is recorded of it, and its answer. Every answer goes through
// here, record first.
#pragma once

#include <cerrno>
#include <string>

#include "file_system.h"
#include "fuse.h"

namespace devshmd {

class Call {
 public:
  Call(fuse_req_t request, Operation operation, Ino ino, const char* name = nullptr);

  FileSystem& fs;

  Owner owner() const { return {context_->uid, context_->gid}; }
  /// Refused by the mode: then it has been answered.
  bool refused(int access = 0);

  /// Is there a recording? Then make the texts for it; else save the work.
  bool recorded() const { return fs.recorder.on(); }
  void note(std::string flags) { flags_ = std::move(flags); }
  void note_to(std::string to) { to_ = std::move(to); }
  void note_to(Ino parent, const char* name);
  void rename_operation(Operation operation) { operation_ = operation; }

  void error(int error);
  void entry(Node& node);                          ///< with the lock held, which it gives up; a reference more
  void created(Node& node, fuse_file_info& info);  ///< the same
  void attributes(const struct stat& attributes, double timeout);
  /// False if nobody was there any more to get it: then nobody releases it either.
  bool opened(const fuse_file_info& info);
  void unopen();
  void written(std::size_t size);
  void data(const char* bytes, std::size_t size, bool is_contents = false);
  void text(const std::string& text);  ///< of a link
  void size(std::size_t size);         ///< that an extended attribute needs
  void position(off_t offset);
  void statistics(const struct statvfs& statistics);

  /// Locks the file system, for `entry` and `created` to unlock.
  std::unique_lock<std::mutex>& lock();
  /// Repeats `make`, which answers an errno value, as long as there is no room and some may be about to come back. The
  /// lock is held, but not all the time: what `make` uses has to be kept by the kernel (an open file, a parent) or
  /// looked up in it.
  template <class Make>
  int with_room(Make&& make) {
    for (;;) {
      const int error = make();
      if (error != ENOSPC || !fs.room_may_come(lock_)) return error;
    }
  }

  /// The node of the request, or null after having answered ESTALE. With the lock held.
  Node* node();

 private:
  void record(int error, long bytes = -1);
  fuse_entry_param parameters(Node& node);
  void unremember(Ino ino);

  fuse_req* const request_;
  const fuse_ctx* const context_;
  Operation operation_;
  const Ino ino_;
  const char* const name_;
  std::string flags_, to_;
  std::unique_lock<std::mutex> lock_;
};

}  // namespace devshmd
