// SPDX-License-Identifier: MIT
#include "operations.h"

#include <vector>

#include "../call.h"
#include "../raw_request.h"

namespace devshmd::op {

void readdir(fuse_req_t request, fuse_ino_t ino, std::size_t size, off_t offset, fuse_file_info* info) {
  Call call(request, Operation::readdir, ino);
  call.with_node([&](Locked fs, Node& node) {
    if (!node.is_directory()) return call.reply_err(std::move(fs), ENOTDIR);
    thread_local std::vector<char> buffer;
    if (buffer.size() < size) buffer.resize(size);
    const Directory& directory = *node.directory;

    std::size_t filled = 0;
    const auto add = [&](const std::string& name, Ino number, mode_t mode, std::uint64_t cookie) {
      struct stat shown {};
      shown.st_ino = number;
      shown.st_mode = mode;
      const std::size_t room = size - filled;
      const std::size_t takes =
          fuse_add_direntry(request, buffer.data() + filled, room, name.c_str(), &shown, static_cast<off_t>(cookie));
      if (takes > room) return false;
      filled += takes;
      return true;
    };
    const auto from = static_cast<std::uint64_t>(offset);
    bool more = true;
    if (more && from < 1) more = add(".", ino, S_IFDIR, 1);
    if (more && from < 2) more = add("..", directory.parent, S_IFDIR, 2);
    const std::uint64_t cookie = from < Directory::first_cookie ? Directory::no_cookie : from;
    if (more)
      directory.each_older_than(cookie, [&](const std::string& name, const Directory::Entry& entry) {
        return add(name, entry.ino, fs.table().find(entry.ino)->mode, entry.cookie);
      });
    if (!keeps_access_time(*info)) node.accessed = now();
    call.reply_buf(std::move(fs), buffer.data(), filled);
  });
}

}  // namespace devshmd::op
