// SPDX-License-Identifier: MIT
//
// For requests.cpp: the requests that are about names. Each is made to the daemon and compared with the model.
#pragma once

#include <set>

#include "requests_model.h"

namespace {

class Names {
 public:
  Names(Model& model, devshmd::FileSystem& fs) : model_(model), fs_(fs) {}

  void make(const std::string& what, const Place& at, const std::string& text) {
    const std::string target = text == "long" ? std::string(200, 't') : text + "t";
    fuse_file_info info{};
    ask([&] {
      if (what == "mkdir")
        op::mkdir(nullptr, at.in, at.name.c_str(), 0755);
      else if (what == "fifo")
        op::mknod(nullptr, at.in, at.name.c_str(), S_IFIFO | 0644, 0);
      else if (what == "symlink")
        op::symlink(nullptr, target.c_str(), at.in, at.name.c_str());
      else if (what == "create" && fs_.wants_opens())
        op::create(nullptr, at.in, at.name.c_str(), 0644, &info);
      else  // without opens the kernel creates files like this, too
        op::mknod(nullptr, at.in, at.name.c_str(), S_IFREG | 0644, 0);
    });
    if (!agree(model_.new_entry_error(at), true, what + " " + at.name)) return;
    EXPECT(!model_.find(answer.ino), "a number used before");
    const char type = what == "mkdir" ? 'd' : what == "fifo" ? 'p' : what == "symlink" ? 'l' : 'f';
    Object& made = model_.add(answer.ino, type, at);
    if (type == 'l') made.contents = target;
    model_.learn(answer.ino);
  }

  void make_unnamed(Ino parent) {
    fuse_file_info info{};
    info.flags = O_TMPFILE | O_RDWR;
    ask([&] { op::create(nullptr, parent, "", 0600, &info); });
    if (!agree(model_.unnamed_error(parent), true, "tmpfile")) return;
    model_.add_unnamed(answer.ino);
    model_.learn(answer.ino);
  }

  void lookup(const Place& at) {
    ask([&] { op::lookup(nullptr, at.in, at.name.c_str()); });
    if (!agree(model_.entry_error(at), false, "lookup " + at.name)) return;
    EXPECT(answer.ino == model_.number_of(at), at.name);
    model_.learn(answer.ino);
  }

  void link(Ino ino, const Place& at) {
    ask([&] { op::link(nullptr, ino, at.in, at.name.c_str()); });
    if (!agree(model_.link_error(ino, at), true, "link " + at.name)) return;
    EXPECT(answer.ino == ino);
    model_.link(ino, at);
    model_.learn(ino);
  }

  void remove(const Place& at, bool is_rmdir) {
    const auto request = is_rmdir ? op::rmdir : op::unlink;
    ask([&] { request(nullptr, at.in, at.name.c_str()); });
    if (agree(model_.remove_error(at, is_rmdir), false, "remove " + at.name)) model_.remove(at);
  }

  void rename(const Place& from, const Place& to, unsigned flags) {
    ask([&] { op::rename(nullptr, from.in, from.name.c_str(), to.in, to.name.c_str(), flags); });
    const std::string told = "rename " + from.name + " " + to.name + " " + std::to_string(flags);
    if (!agree(model_.rename_error(from, to, flags), flags & RENAME_WHITEOUT, told)) return;
    if (model_.number_of(from) == model_.number_of(to)) return;
    model_.rename(from, to, flags & RENAME_EXCHANGE);
    if (flags & RENAME_WHITEOUT)  // no answer has its number, and the table has it
      model_.add(fs_.table.lookup(from.in, from.name).node->ino, 'c', from);
  }

  void forget(Ino ino, int lookups) {
    const Object* object = model_.find(ino);
    if (!object || ino == 1) return;
    lookups = std::min(lookups, object->lookups);
    ask([&] { op::forget(nullptr, ino, static_cast<std::uint64_t>(lookups)); });
    model_.forget(ino, lookups);
  }

  void read_directory(Ino ino, std::size_t size) {
    fuse_file_info info{};
    ask([&] { op::opendir(nullptr, ino, &info); });
    if (!agree(model_.directory_error(ino), false, "opendir")) return;
    std::multiset<std::string> expected{".", ".."}, got;
    for (const auto& [name, unused] : model_.objects[ino].entries) expected.insert(name);
    for (off_t offset = 0;;) {
      ask([&] { op::readdir(nullptr, ino, size, offset, &info); });
      EXPECT(answer.error == 0 && answer.data.size() <= size);
      if (answer.data.empty()) break;
      // As the kernel defines it: number, offset, length and type, the name, to eight bytes.
      for (std::size_t at = 0; at + 24 <= answer.data.size();) {
        std::uint64_t next;
        std::uint32_t length;
        std::memcpy(&next, answer.data.data() + at + 8, 8);
        std::memcpy(&length, answer.data.data() + at + 16, 4);
        got.insert(answer.data.substr(at + 24, length));
        offset = static_cast<off_t>(next);
        at += (24 + length + 7) / 8 * 8;
      }
    }
    // An entry that is longer than the buffer can't be in an answer.
    if (size >= 24 + 256) EXPECT(got == expected, std::to_string(got.size()), std::to_string(expected.size()));
    ask([&] { op::releasedir(nullptr, ino, &info); });
  }

  /// Removes all that is below.
  void clear(Ino ino) {
    const std::map<std::string, Ino> entries = model_.objects.at(ino).entries;
    for (const auto& [name, child] : entries) {
      const bool is_directory = model_.objects.at(child).type == 'd';
      if (is_directory) clear(child);
      remove({ino, name}, is_directory);
    }
  }

 private:
  Model& model_;
  devshmd::FileSystem& fs_;
};

}  // namespace
