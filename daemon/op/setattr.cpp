// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"
#include "../flags.h"

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
  if (call.recorded()) call.note(attribute_flags(to_set));
  if (call.refused()) return;
  call.lock();
  Node* node = call.node();
  if (!node) return;
  call.fs.table.recount(*node);  // what was written without us comes before what is set now
  if (to_set & FUSE_SET_ATTR_SIZE) {
    if (!node->file) return call.error(node->is_directory() ? EISDIR : EINVAL);
    const auto size = static_cast<std::uint64_t>(wanted->st_size);
    const std::uint64_t before = node->file->facts().size;
    const int error = call.with_room([&] { return call.fs.table.truncate(*node, size); });
    if (error) return call.error(error);
    // ftruncate and opening with O_TRUNC count as a change in any case, truncate only if it is one.
    if (size != before || info) node->touch(now());
  }
  const bool changes_owner = to_set & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID);
  if (kills_set_ids || (call.fs.drops_set_ids && changes_owner && !node->is_directory())) node->drop_set_ids();
  if (to_set & FUSE_SET_ATTR_MODE) node->mode = (node->mode & S_IFMT) | (wanted->st_mode & 07777);
  if (to_set & FUSE_SET_ATTR_UID) node->owner.uid = wanted->st_uid;
  if (to_set & FUSE_SET_ATTR_GID) node->owner.gid = wanted->st_gid;
  if (to_set & (FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW)) node->times_set = true;
  set_time(node->accessed, wanted->st_atim, to_set, FUSE_SET_ATTR_ATIME, FUSE_SET_ATTR_ATIME_NOW);
  set_time(node->modified, wanted->st_mtim, to_set, FUSE_SET_ATTR_MTIME, FUSE_SET_ATTR_MTIME_NOW);
  if (!(to_set & FUSE_SET_ATTR_SIZE) || (to_set & ~FUSE_SET_ATTR_SIZE)) node->changed = now();
  const struct stat attributes = call.fs.table.attributes(*node);
  call.attributes(attributes, call.fs.attribute_timeout(*node));
}

}  // namespace devshmd::op
