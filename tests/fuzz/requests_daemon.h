// SPDX-License-Identifier: MIT
//
// For requests.cpp: the daemon's sources, with libfuse's part played here. An operation is called like a function, and
// what the kernel would have been sent is in `answer`.
#pragma once

#define DEVSHMD_VERSION "fuzz"

#include "../../daemon/call.cpp"
#include "../../daemon/caller.cpp"
#include "../../daemon/content_pool.cpp"
#include "../../daemon/content_syscalls.cpp"
#include "../../daemon/file_system.cpp"
#include "../../daemon/flags.cpp"
#include "../../daemon/handshake.cpp"
#include "../../daemon/json.cpp"
#include "../../daemon/latency_hold.cpp"
#include "../../daemon/log.cpp"
#include "../../daemon/memory_file.cpp"
#include "../../daemon/node_contents.cpp"
#include "../../daemon/node_rename.cpp"
#include "../../daemon/node_table.cpp"
#include "../../daemon/op/access.cpp"
#include "../../daemon/op/create.cpp"
#include "../../daemon/op/fallocate.cpp"
#include "../../daemon/op/forget.cpp"
#include "../../daemon/op/getattr.cpp"
#include "../../daemon/op/getxattr.cpp"
#include "../../daemon/op/link.cpp"
#include "../../daemon/op/listxattr.cpp"
#include "../../daemon/op/lookup.cpp"
#include "../../daemon/op/lseek.cpp"
#include "../../daemon/op/mkdir.cpp"
#include "../../daemon/op/mknod.cpp"
#include "../../daemon/op/open.cpp"
#include "../../daemon/op/opendir.cpp"
#include "../../daemon/op/read.cpp"
#include "../../daemon/op/readdir.cpp"
#include "../../daemon/op/readlink.cpp"
#include "../../daemon/op/release.cpp"
#include "../../daemon/op/releasedir.cpp"
#include "../../daemon/op/removexattr.cpp"
#include "../../daemon/op/rename.cpp"
#include "../../daemon/op/rmdir.cpp"
#include "../../daemon/op/setattr.cpp"
#include "../../daemon/op/setxattr.cpp"
#include "../../daemon/op/statfs.cpp"
#include "../../daemon/op/symlink.cpp"
#include "../../daemon/op/unlink.cpp"
#include "../../daemon/op/write.cpp"
#include "../../daemon/open_reply.cpp"
#include "../../daemon/passthrough.cpp"
#include "../../daemon/policy.cpp"
#include "../../daemon/processors.cpp"
#include "../../daemon/raw_request.cpp"
#include "../../daemon/recorder.cpp"
#include "../../daemon/request_queue.cpp"
#include "../../daemon/size.cpp"
#include "../../daemon/status.cpp"
#include "../../daemon/usage.cpp"
#include "fuzz.h"

namespace {

using devshmd::Ino;
namespace op = devshmd::op;

/// What the kernel would have been told.
struct Answer {
  int replies = 0, error = 0;
  Ino ino = 0;
  std::size_t size = 0;
  std::string data;
  struct stat attributes {};
  struct statvfs statistics {};
} answer;

devshmd::FileSystem* file_system;
fuse_ctx context{};

int reply(int error = 0) {
  ++answer.replies;
  answer.error = error;
  return 0;
}

}  // namespace

extern "C" {
void* fuse_req_userdata(fuse_req_t) { return file_system; }
const fuse_ctx* fuse_req_ctx(fuse_req_t) { return &context; }
int fuse_reply_err(fuse_req_t, int error) { return reply(error); }
void fuse_reply_none(fuse_req_t) { reply(); }
int fuse_reply_entry(fuse_req_t, const fuse_entry_param* entry) {
  if (entry->ino == 0) return reply(ENOENT);  // the kernel may remember that
  answer.ino = entry->ino;
  answer.attributes = entry->attr;
  return reply();
}
int fuse_reply_create(fuse_req_t request, const fuse_entry_param* entry, const fuse_file_info*) {
  return fuse_reply_entry(request, entry);
}
int fuse_reply_attr(fuse_req_t, const struct stat* attributes, double) {
  answer.attributes = *attributes;
  return reply();
}
int fuse_reply_readlink(fuse_req_t, const char* text) {
  answer.data = text;
  return reply();
}
int fuse_reply_open(fuse_req_t, const fuse_file_info*) { return reply(); }
int fuse_reply_write(fuse_req_t, size_t size) {
  answer.size = size;
  return reply();
}
int fuse_reply_buf(fuse_req_t, const char* bytes, size_t size) {
  answer.data.assign(size ? bytes : "", size);
  return reply();
}
int fuse_reply_statfs(fuse_req_t, const struct statvfs* statistics) {
  answer.statistics = *statistics;
  return reply();
}
int fuse_reply_xattr(fuse_req_t, size_t size) {
  answer.size = size;
  return reply();
}
int fuse_reply_lseek(fuse_req_t, off_t offset) {
  answer.size = static_cast<std::size_t>(offset);
  return reply();
}
int fuse_session_fd(fuse_session*) { return -1; }
int fuse_lowlevel_notify_inval_inode(fuse_session*, fuse_ino_t, off_t, off_t) { return 0; }
}

namespace {

/// Makes one request, which has to have one answer. Returns its error.
template <class Request>
int ask(Request request) {
  answer = {};
  request();
  EXPECT(answer.replies == 1, std::to_string(answer.replies));
  return answer.error;
}

/// The answer has to be the model's. Where there is no room, that is an answer too, and nothing has changed. True: the
/// request was carried out.
bool agree(int expected, bool takes_room, const std::string& told) {
  if (takes_room && !expected && answer.error == ENOSPC) return false;
  EXPECT(answer.error == expected, told, std::to_string(answer.error), std::to_string(expected));
  return !expected;
}

}  // namespace
