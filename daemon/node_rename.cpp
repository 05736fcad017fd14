// SPDX-License-Identifier: MIT
// Implements NodeTable::rename, with all of renameat2's flags.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "node_table.h"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1u
#define RENAME_EXCHANGE 2u
#define RENAME_WHITEOUT 4u
#endif

namespace devshmd {
namespace {

/// Replaces one of the node's names.
void rename_in_node(Node& node, const Name& from, Name&& to) {
  const auto found = std::find(node.names.begin(), node.names.end(), from);
  if (node.directory) node.directory->parent = to.parent;
  if (found != node.names.end()) *found = std::move(to);
}

}  // namespace

int NodeTable::rename(Ino parent, std::string_view name, Ino new_parent, std::string_view new_name, unsigned flags,
                      Owner owner) {
  if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) return EINVAL;
  const bool exchange = flags & RENAME_EXCHANGE, whiteout = flags & RENAME_WHITEOUT;
  if (exchange && (flags & (RENAME_NOREPLACE | RENAME_WHITEOUT))) return EINVAL;
  if (new_name.size() > longest_name) return ENAMETOOLONG;
  for (const std::string_view special : {".", ".."})
    if (name == special || new_name == special) return EBUSY;

  const Found from = lookup(parent, name);
  if (from.error) return from.error;
  const Found to = lookup(new_parent, new_name);
  if (to.error && to.error != ENOENT) return to.error;
  Node &old_dir = *find(parent), &new_dir = *find(new_parent), &node = *from.node;
  Node* other = to.node;

  if (exchange && !other) return ENOENT;
  if ((flags & RENAME_NOREPLACE) && other) return EEXIST;
  if (new_dir.links == 0) return ENOENT;
  if (other == &node) return 0;  // two names of one object: POSIX keeps both
  if (node.is_directory() && is_below(new_parent, node.ino)) return EINVAL;
  if (exchange && other->is_directory() && is_below(parent, other->ino)) return EINVAL;
  if (other && !exchange) {
    if (node.is_directory() && !other->is_directory()) return ENOTDIR;
    if (!node.is_directory() && other->is_directory()) return EISDIR;
    if (other->is_directory() && other->directory->size() != 0) return ENOTEMPTY;
  }

  // Everything that needs memory or room comes first: after the first change nothing can fail.
  Name old_place{parent, std::string(name)}, new_place{new_parent, std::string(new_name)};
  Name old_place_again = old_place;
  const Name new_place_again = new_place;
  Directory::Prepared entry, left_entry;
  if (!exchange) entry = Directory::prepare(new_name);
  std::vector<Name> left_names;
  Found left{};
  if (whiteout) {
    left_entry = Directory::prepare(name);
    left_names.push_back(old_place);
    left = build(old_dir, {S_IFCHR, owner});  // comes last: nothing after it can fail and leave it behind
    if (left.error) return left.error;
  }

  const timespec time = now();
  if (exchange) {
    rename_in_node(node, old_place, std::move(new_place));
    rename_in_node(*other, new_place_again, std::move(old_place_again));
    old_dir.directory->replace(name, other->ino);
    new_dir.directory->replace(new_name, node.ino);
    if (node.is_directory() != other->is_directory()) {
      Node& gains = node.is_directory() ? new_dir : old_dir;
      Node& loses = node.is_directory() ? old_dir : new_dir;
      ++gains.links;
      --loses.links;
    }
    other->changed = time;
  } else {
    if (other) take_away(new_dir, new_name, *other);
    new_dir.directory->add(std::move(entry), node.ino);
    old_dir.directory->remove(name);
    rename_in_node(node, old_place, std::move(new_place));
    if (node.is_directory()) {
      --old_dir.links;
      ++new_dir.links;
    }
  }
  if (whiteout) {
    old_dir.directory->add(std::move(left_entry), left.node->ino);
    left.node->names.swap(left_names);
    left.node->links = 1;
  }
  node.changed = time;
  old_dir.touch(time);
  new_dir.touch(time);
  return 0;
}

}  // namespace devshmd
