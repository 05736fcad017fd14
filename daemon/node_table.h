// SPDX-License-Identifier: MIT
// Holds all objects of the file system and their names, and counts the space that they take. It implements the
// behaviour of a tmpfs: times, link counts, sizes, owners. Nothing here locks: the caller holds the file system's lock
// (file_system.h). Functions return 0 or an errno value.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "content_pool.h"
#include "node.h"
#include "space.h"

namespace devshmd {

constexpr Ino root_ino = 1;
constexpr std::size_t longest_name = 255;

struct Found {
  int error = 0;
  Node* node = nullptr;
};

/// An object to make.
struct Blueprint {
  mode_t mode;
  Owner owner;
  dev_t device = 0;
  std::string_view target = {};  ///< for a symbolic link
};

/// The errno value for any use of an attribute with this name, as in the kernel; 0 if such attributes are served.
int attribute_name_error(std::string_view name);

class NodeTable {
 public:
  NodeTable(Space& space, Owner owner, std::string mount_point);

  /// From now on contents are made in `pool`, and space for what is not there is reserved.
  void make_contents_in(ContentPool& pool) { pool_ = &pool; }
  /// How many descriptors contents may have before they are saved.
  void save_descriptors_from(unsigned count) { descriptors_enough_ = count; }
  /// To be called when no program has the file open any more: if descriptors are scarce, small contents go back to
  /// memory.
  void save_descriptor(Node& node);

  Node* find(Ino ino);
  Found lookup(Ino parent, std::string_view name);

  Found make(Ino parent, std::string_view name, const Blueprint& blueprint);
  Found make_unnamed(Ino parent, const Blueprint& blueprint);
  int link(Node& node, Ino parent, std::string_view name);
  int unlink(Ino parent, std::string_view name);
  int rmdir(Ino parent, std::string_view name);
  int rename(Ino parent, std::string_view name, Ino new_parent, std::string_view new_name, unsigned flags, Owner owner);

  /// The kernel's references to an object. An object is dropped when it has neither a name nor a reference.
  void remember(Node& node) { ++node.lookups; }
  void forget(Ino ino, std::uint64_t lookups);

  struct stat attributes(Node& node);

  /// Finds out what the contents take now, and charges for it. Returns their size in bytes.
  std::uint64_t recount(Node& node);
  /// Returns how many of `size` bytes at `offset` there is room for. The pages for them are charged in advance: the
  /// caller gives `charged` back after the write, and calls recount.
  std::uint64_t admit_write(Node& node, std::uint64_t offset, std::uint64_t size, std::uint64_t& charged);
  int truncate(Node& node, std::uint64_t size);
  int fallocate(Node& node, int mode, std::uint64_t offset, std::uint64_t length);

  int set_attribute(Node& node, std::string_view name, std::string_view value, int flags);
  int remove_attribute(Node& node, std::string_view name);

  /// The path to show to people: below the mount point, followed by " (deleted)" if the object has no name any more.
  std::string path(Ino ino) const;
  std::string path(Ino parent, std::string_view name) const;

  /// Are there objects without a name, which are still in use or which the kernel will soon forget?
  bool has_nameless() const { return nameless_ != 0; }

  std::size_t size() const { return nodes_.size(); }

  /// How many objects have been dropped, ever.
  std::size_t dropped() const { return dropped_; }

 private:
  Found directory(Ino ino);
  Found build(const Node& parent, const Blueprint& blueprint);
  void add_name(Node& parent, std::string_view name, Node& node);
  void remove_name(Node& parent, std::string_view name, Node& node);
  void take_away(Node& parent, std::string_view name, Node& node);
  bool is_below(Ino ino, Ino ancestor) const;
  void drop_if_gone(Node& node);
  bool reserve_elsewhere(std::uint64_t more);
  void use_pages(Node& node, std::uint64_t pages, bool elsewhere);
  std::uint64_t charge_of(const Node& node, std::uint64_t size, std::uint64_t allocated) const;

  Space& space_;
  const std::string mount_point_;
  ContentPool* pool_ = nullptr;
  unsigned descriptors_enough_ = ~0u;
  Ino next_ino_ = root_ino;
  std::size_t nameless_ = 0;
  std::size_t dropped_ = 0;
  std::unordered_map<Ino, std::unique_ptr<Node>> nodes_;
};

}  // namespace devshmd
