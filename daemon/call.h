// SPDX-License-Identifier: MIT
// Answers one request: the mode may refuse it, it is recorded, and it is answered. Every answer goes through here,
// and the record is written first.
#pragma once

#include <cerrno>
#include <string>
#include <utility>

#include "file_system.h"
#include "fuse.h"

namespace devshmd {

class Call {
 public:
  /// `name`: the entry of the directory `ino` that the request is about, or null if it is about `ino` itself.
  Call(fuse_req_t request, Operation operation, Ino ino, const char* name = nullptr);

  FileSystem& fs() const { return fs_; }
  Owner owner() const { return {context_->uid, context_->gid}; }

  /// Is there a recording? Only then are texts for it needed.
  bool recording() const { return fs_.recorder.on(); }
  void note(std::string flags) { flags_ = std::move(flags); }
  void note_to(std::string to) { to_ = std::move(to); }
  void note_to(Ino parent, const char* name);

  // The preambles. Each answers by itself if the mode refuses the operation; otherwise `act` has to answer.

  /// Calls `act(Locked)`. `access`: what the operation `access` asks for.
  template <class Act>
  void with_lock(Act&& act, int access = 0) {
    if (const int error = refusal(fs_.mode, {operation_, access})) return reply_err(Locked(fs_), error);
    act(Locked(fs_));
  }
  /// Calls `act(Locked, Node&)` with the node of the request; answers ESTALE if there is none.
  template <class Act>
  void with_node(Act&& act) {
    with_lock([&](Locked fs) {
      Node* node = fs.table().find(ino_);
      if (!node) return reply_err(std::move(fs), ESTALE);
      act(std::move(fs), *node);
    });
  }
  /// Makes a node of the request's name, as soon as there is room, and answers with its entry.
  void make_entry(const Blueprint& blueprint);

  // The answers, named as libfuse names them. Each takes the lock over and releases it before it records and replies: a
  // write to the recording may take its time.

  void reply_err(Locked fs, int error);     ///< 0: success
  void reply_entry(Locked fs, Node& node);  ///< adds one to the kernel's references
  /// The name can't be looked up; if it is absent, the kernel may remember that.
  void reply_absent(Locked fs, int error);
  void reply_create(Locked fs, Node& node, fuse_file_info& info);  ///< the same, and opens the file
  void reply_attr(Locked fs, Node& node);
  void reply_open(Locked fs, Node& node, fuse_file_info& info);  ///< opens a file; undone if nobody waits for it
  void reply_opendir(Locked fs, const fuse_file_info& info);
  void reply_write(Locked fs, std::size_t size);
  void reply_read(Locked fs, const char* bytes, std::size_t size);  ///< a file's contents; their size is recorded
  void reply_buf(Locked fs, const char* bytes, std::size_t size);   ///< other bytes
  void reply_readlink(Locked fs, const std::string& target);
  void reply_xattr(Locked fs, std::size_t size);  ///< the size that is needed
  void reply_lseek(Locked fs, off_t offset);
  void reply_statfs(Locked fs, const struct statvfs& statistics);

 private:
  void record(Locked fs, int error, long bytes = -1);
  fuse_entry_param entry_of(Locked& fs, Node& node);
  void undo_open(Ino ino);
  void undo_lookup(Ino ino);

  FileSystem& fs_;
  fuse_req* const request_;
  const fuse_ctx* const context_;
  const Operation operation_;
  const Ino ino_;
  const char* const name_;
  std::string flags_, to_;
};

}  // namespace devshmd
