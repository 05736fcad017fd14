// SPDX-License-Identifier: MIT
#include "call.h"

#include "caller.h"

namespace devshmd {

Call::Call(fuse_req_t request, Operation operation, Ino ino, const char* name)
    : fs(*static_cast<FileSystem*>(fuse_req_userdata(request))),
      request_(request),
      context_(fuse_req_ctx(request)),
      operation_(operation),
      ino_(ino),
      name_(name),
      lock_(fs.mutex, std::defer_lock) {}

std::unique_lock<std::mutex>& Call::lock() {
  lock_.lock();
  return lock_;
}

Node* Call::node() {
  Node* found = fs.table.find(ino_);
  if (!found) error(ESTALE);
  return found;
}

bool Call::refused(int access) {
  const int reason = refusal(fs.mode, {operation_, access});
  if (reason) error(reason);
  return reason != 0;
}

void Call::note_to(Ino parent, const char* name) {
  const std::lock_guard guard(fs.mutex);
  to_ = fs.table.path(parent, name);
}

/// Gives up the lock, if it is held: a write to the recording may take its time.
void Call::record(int error, long bytes) {
  if (fs.recorder.on()) {
    Record record;
    clock_gettime(CLOCK_REALTIME, &record.time);
    record.tid = context_->pid;
    record.uid = context_->uid;
    record.operation = operation_;
    if (!lock_.owns_lock()) lock_.lock();
    record.path = name_ ? fs.table.path(ino_, name_) : fs.table.path(ino_);
    lock_.unlock();
    Caller caller = caller_of(context_->pid);
    record.pid = caller.pid;
    record.program = std::move(caller.program);
    record.to = std::move(to_);
    record.flags = std::move(flags_);
    record.error = error;
    record.bytes = bytes;
    fs.recorder.write(record);
  } else if (lock_.owns_lock()) {
    lock_.unlock();
  }
}

void Call::error(int error) {
  record(error);
  fuse_reply_err(request_, error);
}

fuse_entry_param Call::parameters(Node& node) {
  fuse_entry_param parameters{};
  parameters.ino = node.ino;
  parameters.generation = 1;  // numbers are never used again
  parameters.attr = fs.table.attributes(node);
  parameters.entry_timeout = fs.name_timeout();
  parameters.attr_timeout = fs.attribute_timeout(node);
  return parameters;
}

void Call::unremember(Ino ino) {
  const std::lock_guard guard(fs.mutex);
  fs.table.forget(ino, 1);
}

void Call::entry(Node& node) {
  fs.table.remember(node);
  const fuse_entry_param answer = parameters(node);
  record(0);
  // Not delivered (the caller was killed): then the kernel does not count it either.
  if (fuse_reply_entry(request_, &answer) != 0) unremember(answer.ino);
}

void Call::created(Node& node, fuse_file_info& info) {
  fs.table.remember(node);
  info.keep_cache = 1;
  fs.passthrough.open(request_, node, info);
  const fuse_entry_param answer = parameters(node);
  record(0);
  if (fuse_reply_create(request_, &answer, &info) == 0) return;
  {
    const std::lock_guard guard(fs.mutex);
    if (Node* made = fs.table.find(answer.ino)) fs.passthrough.release(request_, *made);
  }
  unremember(answer.ino);
}

void Call::attributes(const struct stat& attributes, double timeout) {
  record(0);
  fuse_reply_attr(request_, &attributes, timeout);
}

bool Call::opened(const fuse_file_info& info) {
  record(0);
  return fuse_reply_open(request_, &info) == 0;
}

void Call::written(std::size_t size) {
  record(0, static_cast<long>(size));
  fuse_reply_write(request_, size);
}

void Call::unopen() {
  const std::lock_guard guard(fs.mutex);
  if (Node* node = fs.table.find(ino_)) fs.passthrough.release(request_, *node);
}

void Call::data(const char* bytes, std::size_t size, bool is_contents) {
  record(0, is_contents ? static_cast<long>(size) : -1);
  fuse_reply_buf(request_, bytes, size);
}

void Call::text(const std::string& text) {
  record(0);
  fuse_reply_readlink(request_, text.c_str());
}

void Call::size(std::size_t size) {
  record(0);
  fuse_reply_xattr(request_, size);
}

void Call::position(off_t offset) {
  record(0);
  fuse_reply_lseek(request_, offset);
}

void Call::statistics(const struct statvfs& statistics) {
  record(0);
  fuse_reply_statfs(request_, &statistics);
}

}  // namespace devshmd
