// SPDX-License-Identifier: MIT
//
// For requests.cpp: the requests that are about what an object contains, its bytes and its extended attributes. Each is
// made to the daemon and compared with the model.
#pragma once

#include <sys/xattr.h>

#include "requests_model.h"

namespace {

/// A part of a file.
struct Range {
  Ino ino;
  std::size_t offset, size;

  std::string text() const { return std::to_string(offset) + " " + std::to_string(size); }
};

class Contents {
 public:
  explicit Contents(Model& model) : model_(model) {}

  void read(const Range& range) {
    const std::size_t offset = range.offset, size = range.size;
    ask([&] { op::read(nullptr, range.ino, size, static_cast<off_t>(offset), nullptr); });
    if (!agree(model_.file_error(range.ino), false, "read")) return;
    const std::string& all = contents_of(range.ino);
    EXPECT(answer.data == (offset < all.size() ? all.substr(offset, size) : ""), range.text());
  }

  void write(const Range& range) {
    const std::size_t offset = range.offset, size = range.size;
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + (offset + i + ++written_) % 26);
    fuse_file_info info{};
    ask([&] { op::write(nullptr, range.ino, bytes.data(), size, static_cast<off_t>(offset), &info); });
    if (!agree(model_.file_error(range.ino), true, "write " + range.text())) return;
    EXPECT(answer.size <= size, range.text());
    if (answer.size == 0) return;
    std::string& all = contents_of(range.ino);
    if (all.size() < offset + answer.size) all.resize(offset + answer.size);
    all.replace(offset, answer.size, bytes, 0, answer.size);
  }

  void truncate(const Range& range) {
    struct stat wanted {};
    wanted.st_size = static_cast<off_t>(range.size);
    ask([&] { op::setattr(nullptr, range.ino, &wanted, FUSE_SET_ATTR_SIZE, nullptr); });
    const int error = model_.directory_error(range.ino) ? model_.file_error(range.ino) : EISDIR;
    if (agree(error, true, "truncate " + range.text())) contents_of(range.ino).resize(range.size);
  }

  void allocate(const Range& range, int mode) {
    const std::size_t offset = range.offset, size = range.size;
    if (size == 0) return;  // the kernel refuses it
    ask([&] {
      op::fallocate(nullptr, range.ino, mode, static_cast<off_t>(offset), static_cast<off_t>(size), nullptr);
    });
    const int error = model_.file_error(range.ino);
    if (!agree(error == EINVAL ? ENODEV : error, true, "fallocate " + std::to_string(mode) + " " + range.text()))
      return;
    std::string& all = contents_of(range.ino);
    if (!mode && all.size() < offset + size) all.resize(offset + size);
    if (mode & FALLOC_FL_PUNCH_HOLE && offset < all.size())
      std::fill_n(all.begin() + static_cast<long>(offset), std::min(size, all.size() - offset), '\0');
  }

  void set_attribute(Ino ino, const std::string& name, const std::string& value, int flags) {
    ask([&] { op::setxattr(nullptr, ino, name.c_str(), value.data(), value.size(), flags); });
    int expected = model_.attribute_error(ino, name);
    if (!expected && flags == XATTR_CREATE && has(ino, name)) expected = EEXIST;
    if (!expected && flags == XATTR_REPLACE && !has(ino, name)) expected = ENODATA;
    if (agree(expected, true, name)) model_.objects[ino].attributes[name] = value;
  }

  void remove_attribute(Ino ino, const std::string& name) {
    ask([&] { op::removexattr(nullptr, ino, name.c_str()); });
    if (agree(old_attribute_error(ino, name), false, name)) model_.objects[ino].attributes.erase(name);
  }

  void get_attributes(Ino ino, const std::string& name) {
    ask([&] { op::getxattr(nullptr, ino, name.c_str(), 4000); });
    if (agree(old_attribute_error(ino, name), false, name))
      EXPECT(answer.data == model_.objects[ino].attributes.at(name), name);
    if (!model_.find(ino)) return;
    ask([&] { op::listxattr(nullptr, ino, 60000); });
    std::string list;
    for (const auto& [listed, unused] : model_.objects[ino].attributes) list += listed + '\0';
    EXPECT(answer.error == 0 && answer.data == list, list);
  }

 private:
  std::string& contents_of(Ino ino) { return model_.objects.at(ino).contents; }
  bool has(Ino ino, const std::string& name) { return model_.objects.at(ino).attributes.count(name); }
  int old_attribute_error(Ino ino, const std::string& name) {
    const int error = model_.attribute_error(ino, name);
    return error ? error : has(ino, name) ? 0 : ENODATA;
  }

  Model& model_;
  std::size_t written_ = 0;
};

}  // namespace
