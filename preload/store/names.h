// SPDX-License-Identifier: MIT
//
// Builds and parses the names of the memory store. Pure text, no system call.
//
//   /dev/shm/NAME           a symbolic link that says       ROOT/GENERATION/NUMBER
//   ROOT/GENERATION         a symbolic link that says       /proc/KEEPER/fd
//   ROOT                    beside the backing directory:   /tmp/.shm.memory.UID.GID for /tmp/shm
//
// The kernel resolves NAME to descriptor NUMBER of the keeper, which is the object: a memfd by the name of
// "devshm:GENERATION/NUMBER". This pair is never given to two objects, so the memfd's name shows for certain whether
// the opened file is the one that the link's text meant.
#pragma once

#include <sys/types.h>

#include "short_text.h"

namespace devshm::store {

/// Identifies an object. Generations are random numbers; a number belongs to one object of its generation.
struct ObjectName {
  std::uint64_t generation;
  unsigned number;
};
inline bool operator==(const ObjectName& a, const ObjectName& b) {
  return a.generation == b.generation && a.number == b.number;
}

using RootText = ShortText<112>;
using PathText = ShortText<160>;

/// How many ready objects the keeper offers, as ROOT/pool/GENERATION.NUMBER.
inline constexpr unsigned pool_size = 32;

/// Where a user's store is, and what lies in it.
class Root {
 public:
  /// The store for a backing directory, which is an absolute path without slashes at the end.
  Root(const char* backing_dir, uid_t user, gid_t group);
  /// The store with this path, as a link names it.
  Root(const char* path, std::size_t length) { path_.add(path, length); }

  /// False if the path is too long for a link that the kernel resolves quickly; then there is no store.
  bool fits() const { return path_.fits(); }
  const char* c_str() const { return path_.c_str(); }
  std::size_t size() const { return path_.size(); }

  PathText entry(const char* name) const;
  PathText generation(std::uint64_t of) const;
  /// The directory in which a keeper makes links. Its name is random, with these letters before it.
  PathText making_dir(std::uint64_t random) const;
  static constexpr char making_letters[] = "new.";
  PathText link_text(const ObjectName& of) const;
  PathText pool_entry(const ObjectName& of) const;
  /// The place of an entry that can't be renamed to its name in one step, in between.
  PathText taken_entry(const ObjectName& of) const;

 private:
  PathText below() const;
  RootText path_;
};

/// The parts of a link's text.
struct LinkText {
  ObjectName object;
  std::size_t root_length;  ///< how much of the text names ROOT
};

/// Parses a link's text. False if the link is not one of the store's. The text need not be terminated.
bool parse_link(const char* text, std::size_t length, LinkText& out);

/// Parses a text like "0123456789abcdef/12", with nothing after it.
bool parse_object(const char* text, std::size_t length, ObjectName& out);

/// The same for the name of a pool entry, which has a dot between the two.
bool parse_entry(const char* name, ObjectName& out);

/// Parses 16 digits, as ShortText::add_hex writes them.
bool parse_generation(const char* text, std::size_t length, std::uint64_t& out);

/// The name to make an object's memfd with.
ShortText<48> memfd_name(const ObjectName& object);

/// The link in /proc by which a process can open once more what it has open.
ShortText<32> descriptor_path(int fd);

/// What that link says for an object's descriptor.
ShortText<64> descriptor_text(const ObjectName& object);

}  // namespace devshm::store
