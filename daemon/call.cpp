// SPDX-License-Identifier: MIT
#include "call.h"

#include "open_reply.h"

namespace devshmd {

Call::Call(fuse_req_t request, Operation operation, Ino ino, const char* name)
    : fs_(*static_cast<FileSystem*>(fuse_req_userdata(request))),
      request_(request),
      context_(fuse_req_ctx(request)),
      operation_(operation),
      ino_(ino),
      name_(name) {
  fs_.usage.count(context_->pid, context_->uid, operation, ino, name);
}

void Call::note_to(Ino parent, const char* name) { to_ = Locked(fs_).table().path(parent, name); }

void Call::make_entry(const Blueprint& blueprint) {
  with_lock([&](Locked fs) {
    Found made;
    fs.with_room([&] { return (made = fs.table().make(ino_, name_, blueprint)).error; });
    if (made.error) return reply_err(std::move(fs), made.error);
    reply_entry(std::move(fs), *made.node);
  });
}

void Call::record(Locked fs, int error, long bytes) {
  if (error == 0) fs_.usage.succeeded(context_->pid, context_->uid, operation_, bytes);
  if (!recording()) return;
  Record record;
  record.path = name_ ? fs.table().path(ino_, name_) : fs.table().path(ino_);
  fs.release();

  clock_gettime(CLOCK_REALTIME, &record.time);
  Caller caller = fs_.callers.find(context_->pid);
  record.pid = caller.pid;
  record.tid = context_->pid;
  record.uid = context_->uid;
  record.program = std::move(caller.program);
  record.operation = operation_;
  record.to = std::move(to_);
  record.flags = std::move(flags_);
  record.error = error;
  record.bytes = bytes;
  fs_.recorder.write(record);
}

void Call::reply_err(Locked fs, int error) {
  record(std::move(fs), error);
  fuse_reply_err(request_, error);
}

fuse_entry_param Call::entry_of(Locked& fs, Node& node) {
  fuse_entry_param entry{};
  entry.ino = node.ino;
  entry.generation = 1;  // numbers are never used again
  entry.attr = fs.table().attributes(node);
  entry.entry_timeout = fs_.name_timeout();
  entry.attr_timeout = fs_.attribute_timeout(node, entry.attr);
  return entry;
}

void Call::undo_lookup(Ino ino) { Locked(fs_).table().forget(ino, 1); }

void Call::undo_open(Ino ino) {
  Locked fs(fs_);
  if (Node* node = fs.table().find(ino)) fs.release_file(*node);
}

void Call::reply_entry(Locked fs, Node& node) {
  fs.table().remember(node);
  const fuse_entry_param entry = entry_of(fs, node);
  record(std::move(fs), 0);
  // If it can't be delivered (the caller was killed), the kernel does not count the reference either.
  if (fuse_reply_entry(request_, &entry) != 0) undo_lookup(entry.ino);
}

void Call::reply_absent(Locked fs, int error) {
  if (error != ENOENT || !fs_.kernel_caches()) return reply_err(std::move(fs), error);
  fs.release();
  fuse_entry_param entry{};  // number 0: there is no such name
  entry.entry_timeout = fs_.name_timeout();
  fuse_reply_entry(request_, &entry);
}

void Call::reply_create(Locked fs, Node& node, fuse_file_info& info) {
  fs.table().remember(node);
  info.keep_cache = 1;
  const int backing_id = fs.open_file(node);
  const fuse_entry_param entry = entry_of(fs, node);
  record(std::move(fs), 0);
  if (devshmd::reply_create(request_, entry, info, backing_id) == 0) return;
  undo_open(entry.ino);
  undo_lookup(entry.ino);
}

void Call::reply_attr(Locked fs, Node& node) {
  const struct stat attributes = fs.table().attributes(node);
  const double timeout = fs_.attribute_timeout(node, attributes);
  record(std::move(fs), 0);
  fuse_reply_attr(request_, &attributes, timeout);
}

void Call::reply_open(Locked fs, Node& node, fuse_file_info& info) {
  info.keep_cache = 1;  // what the kernel has cached stays right when another program opens the file
  const int backing_id = fs.open_file(node);
  record(std::move(fs), 0);
  if (devshmd::reply_open(request_, info, backing_id) != 0) undo_open(ino_);
}

void Call::reply_opendir(Locked fs, const fuse_file_info& info) {
  record(std::move(fs), 0);
  fuse_reply_open(request_, &info);
}

void Call::reply_write(Locked fs, std::size_t size) {
  record(std::move(fs), 0, static_cast<long>(size));
  fuse_reply_write(request_, size);
}

void Call::reply_read(Locked fs, const char* bytes, std::size_t size) {
  record(std::move(fs), 0, static_cast<long>(size));
  fuse_reply_buf(request_, bytes, size);
}

void Call::reply_buf(Locked fs, const char* bytes, std::size_t size) {
  record(std::move(fs), 0);
  fuse_reply_buf(request_, bytes, size);
}

void Call::reply_readlink(Locked fs, const std::string& target) {
  record(std::move(fs), 0);
  fuse_reply_readlink(request_, target.c_str());
}

void Call::reply_xattr(Locked fs, std::size_t size) {
  record(std::move(fs), 0);
  fuse_reply_xattr(request_, size);
}

void Call::reply_lseek(Locked fs, off_t offset) {
  record(std::move(fs), 0);
  fuse_reply_lseek(request_, offset);
}

void Call::reply_statfs(Locked fs, const struct statvfs& statistics) {
  record(std::move(fs), 0);
  fuse_reply_statfs(request_, &statistics);
}

}  // namespace devshmd
