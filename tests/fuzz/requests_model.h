// SPDX-License-Identifier: MIT
//
// For requests.cpp: the model of a file system. It knows which objects there are under which names, and which error a
// request has to have.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "requests_daemon.h"

namespace {

struct Object {
  char type;  // d, f, l, or another for what has no contents
  int links = 0;
  int lookups = 0;
  bool unnamed = false;
  Ino parent = 0;
  std::map<std::string, Ino> entries;
  std::string contents;  // or the text of a link
  std::map<std::string, std::string> attributes;
};

/// Where a name is, or is to be.
struct Place {
  Ino in;
  std::string name;
};

class Model {
 public:
  Model() { (objects[1] = {'d', 2, 1}).parent = 1; }

  Object* find(Ino ino) {
    const auto found = objects.find(ino);
    return found == objects.end() ? nullptr : &found->second;
  }

  /// Of what has the name; 0 if nothing has.
  Ino number_of(const Place& at) {
    const auto& entries = objects.at(at.in).entries;
    const auto found = entries.find(at.name);
    return found == entries.end() ? 0 : found->second;
  }

  // The error of a request.

  int directory_error(Ino ino) {
    const Object* object = find(ino);
    return !object ? ESTALE : object->type != 'd' ? ENOTDIR : 0;
  }
  int file_error(Ino ino) {
    const Object* object = find(ino);
    return !object ? ESTALE : object->type != 'f' ? EINVAL : 0;
  }
  int entry_error(const Place& at) {
    if (const int error = directory_error(at.in)) return error;
    return at.name.size() > 255 ? ENAMETOOLONG : objects[at.in].entries.count(at.name) ? 0 : ENOENT;
  }
  int new_entry_error(const Place& at) {
    const int error = entry_error(at);
    if (error && error != ENOENT) return error;
    return !objects[at.in].links ? ENOENT : error ? 0 : EEXIST;
  }
  int unnamed_error(Ino parent) {
    const int error = directory_error(parent);
    return error ? error : objects[parent].links ? 0 : ENOENT;
  }

  int link_error(Ino ino, const Place& at) {
    const Object* linked = find(ino);
    if (!linked) return ESTALE;
    if (const int error = directory_error(at.in)) return error;
    if (at.name.size() > 255) return ENAMETOOLONG;
    if (linked->type == 'd') return EPERM;
    if (!linked->links && !linked->unnamed) return ENOENT;
    return new_entry_error(at);
  }

  int remove_error(const Place& at, bool is_rmdir) {
    if (const int error = entry_error(at)) return error;
    const Object& object = objects[number_of(at)];
    if (!is_rmdir) return object.type == 'd' ? EISDIR : 0;
    return object.type != 'd' ? ENOTDIR : object.entries.empty() ? 0 : ENOTEMPTY;
  }

  int rename_error(const Place& from, const Place& to, unsigned flags) {
    const bool noreplace = flags & 1, exchange = flags & 2;
    if (flags > 7 || (exchange && flags != 2)) return EINVAL;
    if (to.name.size() > 255) return ENAMETOOLONG;
    if (const int error = entry_error(from)) return error;
    const int to_error = entry_error(to);
    if (to_error && to_error != ENOENT) return to_error;
    if (exchange && to_error) return ENOENT;
    if (noreplace && !to_error) return EEXIST;
    if (!objects[to.in].links) return ENOENT;
    const Ino ino = number_of(from), other = number_of(to);
    if (ino == other) return 0;
    if (objects[ino].type == 'd' && is_below(to.in, ino)) return EINVAL;
    if (!other) return 0;
    const Object &object = objects[ino], &there = objects[other];
    if (exchange) return there.type == 'd' && is_below(from.in, other) ? EINVAL : 0;
    if (object.type == 'd' && there.type != 'd') return ENOTDIR;
    if (object.type != 'd' && there.type == 'd') return EISDIR;
    return there.entries.empty() ? 0 : ENOTEMPTY;
  }

  int attribute_error(Ino ino, const std::string& attribute) {
    if (!find(ino)) return ESTALE;
    for (const std::string space : {"user.", "trusted.", "security."})
      if (attribute.compare(0, space.size(), space) == 0) return attribute.size() == space.size() ? EINVAL : 0;
    return EOPNOTSUPP;
  }

  // What a request that succeeds changes.

  Object& add(Ino ino, char type, const Place& at) {
    Object& made = objects[ino] = {type, type == 'd' ? 2 : 1};
    made.parent = at.in;
    if (type == 'd') ++objects[at.in].links;
    objects[at.in].entries[at.name] = ino;
    return made;
  }
  void add_unnamed(Ino ino) { (objects[ino] = {'f'}).unnamed = true; }

  /// The kernel has had the number in an answer once more.
  void learn(Ino ino) {
    ++objects[ino].lookups;
    if (std::find(known.begin(), known.end(), ino) == known.end()) known.push_back(ino);
  }

  void link(Ino ino, const Place& at) {
    objects[at.in].entries[at.name] = ino;
    objects[ino].unnamed = false;
    ++objects[ino].links;
  }

  void remove(const Place& at) {
    const Ino ino = number_of(at);
    objects[at.in].entries.erase(at.name);
    Object& object = objects[ino];
    if (object.type == 'd')
      --objects[at.in].links, object.links = 0;
    else
      --object.links;
    drop_if_gone(ino);
  }

  void rename(const Place& from, const Place& to, bool exchange) {
    const Ino ino = number_of(from), other = number_of(to);
    if (other && !exchange) remove(to);
    objects[from.in].entries.erase(from.name);
    if (other && exchange) {
      objects[from.in].entries[from.name] = other;
      move(other, to.in, from.in);
    }
    objects[to.in].entries[to.name] = ino;
    move(ino, from.in, to.in);
  }

  void forget(Ino ino, int lookups) {
    if (objects[ino].lookups -= lookups) return;
    known.erase(std::find(known.begin(), known.end(), ino));
    drop_if_gone(ino);
  }

  /// What the limit on inodes is charged with.
  std::uint64_t charged() const {
    std::uint64_t bytes = 0;
    for (const auto& [ino, object] : objects) {
      bytes += 1024;
      if (object.type != 'd' && object.links > 1) bytes += 1024 * static_cast<std::uint64_t>(object.links - 1);
      for (const auto& [name, value] : object.attributes) bytes += 64 + name.size() + value.size();
    }
    return bytes;
  }

  std::map<Ino, Object> objects;
  std::vector<Ino> known{1};  // in the order in which the kernel had them

 private:
  bool is_below(Ino ino, Ino ancestor) {
    for (;; ino = objects[ino].parent) {
      if (ino == ancestor) return true;
      if (ino == 1 || !find(ino)) return false;
    }
  }
  void drop_if_gone(Ino ino) {
    if (!objects[ino].links && !objects[ino].lookups) objects.erase(ino);
  }
  void move(Ino ino, Ino from, Ino to) {
    if (objects[ino].type != 'd') return;
    --objects[from].links, ++objects[to].links;
    objects[ino].parent = to;
  }
};

}  // namespace
