// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"
#include "../flags.h"
#include "../raw_request.h"

namespace devshmd::op {
namespace {

void set_time(timespec& time, const timespec& wanted, int to_set, int set, int set_now) {
  if (to_set & set_now)
    time = now();
  else if (to_set & set)
    time = wanted;
}

}  // namespace

void setattr(fuse_req_t request, fuse_ino_t ino, struct stat* wanted, int to_set, fuse_file_info* info) {
  Call call(request, Operation::setattr, ino);
  if (call.recording()) call.note(attribute_flags(to_set));
  call.with_node([&](Locked fs, Node& node) {
    const bool sets_times = to_set & (FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW);
    // Stores into mappings that came before count before what is set now. While the size changes, the kernel releases
    // no page and waits for the answer, so there is no flush then. The caller's request keeps the node.
    if (sets_times && !(to_set & FUSE_SET_ATTR_SIZE) && !call.fs().wants_opens() && node.used) fs.flush(ino);
    fs.table().recount(node);  // what was written without a request counts before what is set now
    if (to_set & FUSE_SET_ATTR_SIZE) {
      if (!node.file) return call.reply_err(std::move(fs), node.is_directory() ? EISDIR : EINVAL);
      const auto size = static_cast<std::uint64_t>(wanted->st_size);
      const std::uint64_t before = node.file->facts().size;
      const int error = fs.with_room([&] { return fs.table().truncate(node, size); });
      if (error) return call.reply_err(std::move(fs), error);
      // ftruncate and opening with O_TRUNC always count as a change, truncate only if the size changes.
      if (size != before || info) node.touch(now());
    }
    // Nothing to set: a chown that changes nothing, or a change of contents for which the kernel wants the bits
    // dropped.
    const bool changes_owner = to_set == 0 || (to_set & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID));
    if (kills_set_ids(*wanted) || (call.fs().drops_set_ids && changes_owner && !node.is_directory()))
      node.drop_set_ids();
    if (to_set & FUSE_SET_ATTR_MODE) node.mode = (node.mode & S_IFMT) | (wanted->st_mode & 07777);
    if (to_set & FUSE_SET_ATTR_UID) node.owner.uid = wanted->st_uid;
    if (to_set & FUSE_SET_ATTR_GID) node.owner.gid = wanted->st_gid;
    if (sets_times && call.fs().wants_opens()) node.times_set = true;
    set_time(node.accessed, wanted->st_atim, to_set, FUSE_SET_ATTR_ATIME, FUSE_SET_ATTR_ATIME_NOW);
    set_time(node.modified, wanted->st_mtim, to_set, FUSE_SET_ATTR_MTIME, FUSE_SET_ATTR_MTIME_NOW);
    if (!(to_set & FUSE_SET_ATTR_SIZE) || (to_set & ~FUSE_SET_ATTR_SIZE)) node.changed = now();
    call.reply_attr(std::move(fs), node);
  });
}

}  // namespace devshmd::op
