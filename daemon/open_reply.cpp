// SPDX-License-Identifier: MIT
#include "open_reply.h"

#include <sys/stat.h>

#include "protocol.h"

namespace devshmd {
namespace {

protocol::OpenOut open_out(int backing_id) { return {0, protocol::open_passthrough, backing_id}; }

fuse_attr attributes_out(const struct stat& from) {
  fuse_attr out{};
  out.ino = from.st_ino;
  out.size = static_cast<std::uint64_t>(from.st_size);
  out.blocks = static_cast<std::uint64_t>(from.st_blocks);
  out.atime = static_cast<std::uint64_t>(from.st_atim.tv_sec);
  out.mtime = static_cast<std::uint64_t>(from.st_mtim.tv_sec);
  out.ctime = static_cast<std::uint64_t>(from.st_ctim.tv_sec);
  out.atimensec = static_cast<std::uint32_t>(from.st_atim.tv_nsec);
  out.mtimensec = static_cast<std::uint32_t>(from.st_mtim.tv_nsec);
  out.ctimensec = static_cast<std::uint32_t>(from.st_ctim.tv_nsec);
  out.mode = from.st_mode;
  out.nlink = static_cast<std::uint32_t>(from.st_nlink);
  out.uid = from.st_uid;
  out.gid = from.st_gid;
  out.rdev = static_cast<std::uint32_t>(from.st_rdev);
  out.blksize = static_cast<std::uint32_t>(from.st_blksize);
  return out;
}

/// Converts a timeout to whole seconds: those that are used have no fraction.
std::uint64_t seconds(double timeout) { return static_cast<std::uint64_t>(timeout); }

}  // namespace

int reply_open(fuse_req_t request, const fuse_file_info& info, int backing_id) {
  if (!backing_id) return fuse_reply_open(request, &info);
  const protocol::OpenOut out = open_out(backing_id);
  return fuse_reply_buf(request, reinterpret_cast<const char*>(&out), sizeof out);
}

int reply_create(fuse_req_t request, const fuse_entry_param& entry, const fuse_file_info& info, int backing_id) {
  if (!backing_id) return fuse_reply_create(request, &entry, &info);
  struct {
    fuse_entry_out entry;
    protocol::OpenOut open;
  } out{};
  out.entry.nodeid = entry.ino;
  out.entry.generation = entry.generation;
  out.entry.entry_valid = seconds(entry.entry_timeout);
  out.entry.attr_valid = seconds(entry.attr_timeout);
  out.entry.attr = attributes_out(entry.attr);
  out.open = open_out(backing_id);
  return fuse_reply_buf(request, reinterpret_cast<const char*>(&out), sizeof out);
}

}  // namespace devshmd
