// SPDX-License-Identifier: MIT
#include "node_table.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace devshmd {
namespace {

// What each entry adds to the size of a directory on a tmpfs; `.` and `..` count too.
constexpr off_t entry_size = 20;
// The target of a symbolic link takes a page from this length on.
constexpr std::size_t short_target = 128;

}  // namespace

NodeTable::NodeTable(Space& space, Owner owner, std::string mount_point)
    : space_(space), mount_point_(std::move(mount_point)) {
  auto root = std::make_unique<Node>(next_ino_++, S_IFDIR | 01777, owner, now());
  root->directory = std::make_unique<Directory>(root_ino);
  root->links = 2;
  root->lookups = 1;  // the mount's own
  space_.take_inode();
  nodes_.emplace(root_ino, std::move(root));
}

Node* NodeTable::find(Ino ino) {
  const auto found = nodes_.find(ino);
  return found == nodes_.end() ? nullptr : found->second.get();
}

Found NodeTable::directory(Ino ino) {
  Node* node = find(ino);
  if (!node) return {ESTALE};
  if (!node->is_directory()) return {ENOTDIR};
  return {0, node};
}

/// Makes sure that `more` pages beside the pool's have room. Only the pool knows of what is written with passthrough.
bool NodeTable::reserve_elsewhere(std::uint64_t more) {
  return !pool_ || pool_->reserve(space_.pages_elsewhere() + more);
}

/// The node now uses so many pages.
void NodeTable::use_pages(Node& node, std::uint64_t pages, bool elsewhere) {
  space_.reuse(node.used, pages);
  node.used = pages;
  const std::uint64_t before = node.used_elsewhere;
  node.used_elsewhere = elsewhere ? pages : 0;
  space_.reuse_elsewhere(before, node.used_elsewhere);
  if (node.used_elsewhere < before) reserve_elsewhere(0);
}

Found NodeTable::lookup(Ino parent, std::string_view name) {
  const Found in = directory(parent);
  if (in.error) return in;
  if (name.size() > longest_name) return {ENAMETOOLONG};
  if (name == ".") return in;
  if (name == "..") return directory(in.node->directory->parent);
  const Directory::Entry* entry = in.node->directory->find(name);
  if (!entry) return {ENOENT};
  return {0, find(entry->ino)};
}

/// Makes a node without a name, and charges for it. A directory with the set-group-id bit hands on its group.
Found NodeTable::build(const Node& parent, const Blueprint& blueprint) {
  if (blueprint.target.size() >= page_size) return {ENAMETOOLONG};
  if (!space_.take_inode()) return {ENOSPC};
  mode_t mode = blueprint.mode;
  Owner owner = blueprint.owner;
  if (parent.mode & S_ISGID) {
    owner.gid = parent.owner.gid;
    if (S_ISDIR(mode)) mode |= S_ISGID;
  }
  try {
    auto node = std::make_unique<Node>(next_ino_, mode, owner, now());
    node->device = blueprint.device;
    if (S_ISREG(mode)) {
      node->file = std::make_shared<MemoryFile>(pool_ ? pool_->directory() : -1);
    } else if (S_ISDIR(mode)) {
      node->directory = std::make_unique<Directory>(parent.ino);
    } else if (S_ISLNK(mode)) {
      node->target = blueprint.target;
    }
    Node* made = node.get();
    nodes_.emplace(next_ino_, std::move(node));
    ++next_ino_;
    if (made->target.size() >= short_target) {
      if (!reserve_elsewhere(1) || !space_.take_pages(1)) {
        space_.give_inode();
        nodes_.erase(made->ino);
        return {ENOSPC};
      }
      made->charged = 1;
      use_pages(*made, 1, true);
    }
    return {0, made};
  } catch (...) {
    space_.give_inode();
    throw;
  }
}

void NodeTable::add_name(Node& parent, std::string_view name, Node& node) {
  std::vector<Name> names = node.links ? node.names : std::vector<Name>();
  names.push_back({parent.ino, std::string(name)});
  parent.directory->add(name, node.ino);
  node.names.swap(names);
  node.unnamed = false;
}

/// Removes a name from the node's own list. The last one stays, so that a recording can show it.
void NodeTable::remove_name(Node& parent, std::string_view name, Node& node) {
  if (node.names.size() <= 1) return;
  const auto is_it = [&](const Name& had) { return had.parent == parent.ino && had.text == name; };
  const auto found = std::find_if(node.names.begin(), node.names.end(), is_it);
  if (found != node.names.end()) node.names.erase(found);
}

Found NodeTable::make(Ino parent, std::string_view name, const Blueprint& blueprint) {
  const Found in = directory(parent);
  if (in.error) return in;
  if (name.size() > longest_name) return {ENAMETOOLONG};
  if (in.node->links == 0) return {ENOENT};
  if (name == "." || name == ".." || in.node->directory->find(name)) return {EEXIST};
  const Found made = build(*in.node, blueprint);
  if (made.error) return made;
  try {
    add_name(*in.node, name, *made.node);
  } catch (...) {
    ++nameless_;
    drop_if_gone(*made.node);
    throw;
  }
  made.node->links = made.node->is_directory() ? 2 : 1;
  if (made.node->is_directory()) ++in.node->links;
  in.node->touch(now());
  return made;
}

Found NodeTable::make_unnamed(Ino parent, const Blueprint& blueprint) {
  const Found in = directory(parent);
  if (in.error) return in;
  if (in.node->links == 0) return {ENOENT};
  const Found made = build(*in.node, blueprint);
  if (made.error) return made;
  char text[32];
  std::snprintf(text, sizeof text, "#%llu", static_cast<unsigned long long>(made.node->ino));
  made.node->names.push_back({parent, text});
  made.node->unnamed = true;
  ++nameless_;
  return made;
}

int NodeTable::link(Node& node, Ino parent, std::string_view name) {
  const Found in = directory(parent);
  if (in.error) return in.error;
  if (name.size() > longest_name) return ENAMETOOLONG;
  if (node.is_directory()) return EPERM;
  if (in.node->links == 0 || (node.links == 0 && !node.unnamed)) return ENOENT;
  if (in.node->directory->find(name)) return EEXIST;
  // A further link takes as much of the budget as an inode, since names need memory too.
  const bool further = node.links > 0;
  if (further && !space_.take_inode()) return ENOSPC;
  try {
    add_name(*in.node, name, node);
  } catch (...) {
    if (further) space_.give_inode();
    throw;
  }
  if (node.links++ == 0) --nameless_;
  const timespec time = now();
  node.changed = time;
  in.node->touch(time);
  return 0;
}

/// Removes a name and what depends on it. The node stays as long as the kernel has a reference.
void NodeTable::take_away(Node& parent, std::string_view name, Node& node) {
  const timespec time = now();
  remove_name(parent, name, node);
  parent.directory->remove(name);
  parent.touch(time);
  node.changed = time;
  if (node.is_directory()) {
    node.links = 0;
    --parent.links;
  } else {
    if (node.links > 1) space_.give_inode();
    --node.links;
  }
  if (node.links == 0) ++nameless_;
  drop_if_gone(node);
}

int NodeTable::unlink(Ino parent, std::string_view name) {
  const Found found = lookup(parent, name);
  if (found.error) return found.error;
  if (found.node->is_directory()) return EISDIR;
  take_away(*find(parent), name, *found.node);
  return 0;
}

int NodeTable::rmdir(Ino parent, std::string_view name) {
  if (name == ".") return EINVAL;
  if (name == "..") return ENOTEMPTY;
  const Found found = lookup(parent, name);
  if (found.error) return found.error;
  if (!found.node->is_directory()) return ENOTDIR;
  if (found.node->directory->size() != 0) return ENOTEMPTY;
  take_away(*find(parent), name, *found.node);
  return 0;
}

bool NodeTable::is_below(Ino ino, Ino ancestor) const {
  for (;;) {
    if (ino == ancestor) return true;
    if (ino == root_ino) return false;
    const auto found = nodes_.find(ino);
    if (found == nodes_.end() || !found->second->directory) return false;
    ino = found->second->directory->parent;
  }
}

void NodeTable::drop_if_gone(Node& node) {
  if (node.links != 0 || node.lookups != 0) return;
  use_pages(node, 0, false);
  space_.give_pages(node.charged);
  for (const auto& [name, value] : node.attributes) space_.give_bytes(attribute_bytes(name.size(), value.size()));
  space_.give_inode();
  --nameless_;
  ++dropped_;
  nodes_.erase(node.ino);
}

void NodeTable::forget(Ino ino, std::uint64_t lookups) {
  Node* node = find(ino);
  if (!node || ino == root_ino) return;
  node->lookups -= std::min(node->lookups, lookups);
  drop_if_gone(*node);
}

struct stat NodeTable::attributes(Node& node) {
  struct stat out {};
  out.st_ino = node.ino;
  out.st_mode = node.mode;
  out.st_nlink = node.links;
  out.st_uid = node.owner.uid;
  out.st_gid = node.owner.gid;
  out.st_rdev = node.device;
  out.st_blksize = page_size;
  if (node.is_directory()) {
    out.st_size = entry_size * static_cast<off_t>(node.directory->size() + 2);
  } else if (node.file) {
    const std::uint64_t size = recount(node);
    out.st_size = static_cast<off_t>(size);
  } else {
    out.st_size = static_cast<off_t>(node.target.size());
  }
  out.st_blocks = static_cast<blkcnt_t>(node.used * (page_size / 512));
  out.st_atim = node.accessed;
  out.st_mtim = node.modified;
  out.st_ctim = node.changed;
  return out;
}

std::string NodeTable::path(Ino parent, std::string_view name) const {
  std::string text = path(parent);
  if (text.empty() || text.back() != '/') text += '/';
  text += name;
  return text;
}

std::string NodeTable::path(Ino ino) const {
  std::string text;
  bool gone = false;
  while (ino != root_ino) {
    const auto found = nodes_.find(ino);
    if (found == nodes_.end() || found->second->names.empty()) {
      text.insert(0, "/?");
      break;
    }
    const Node& node = *found->second;
    gone = gone || node.links == 0;
    text.insert(0, node.names.back().text).insert(0, 1, '/');
    ino = node.names.back().parent;
  }
  return (mount_point_ == "/" ? "" : mount_point_) + text + (gone ? " (deleted)" : "");
}

}  // namespace devshmd
