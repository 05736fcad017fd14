// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void listxattr(fuse_req_t request, fuse_ino_t ino, std::size_t size) {
  Call call(request, Operation::listxattr, ino);
  call.with_node([&](Locked fs, Node& node) {
    std::string list;
    for (const auto& [name, value] : node.attributes) {
      if (name.starts_with("trusted.") && call.owner().uid != 0) continue;
      list += name;
      list += '\0';
    }
    if (size == 0) return call.reply_xattr(std::move(fs), list.size());
    if (size < list.size()) return call.reply_err(std::move(fs), ERANGE);
    call.reply_buf(std::move(fs), list.data(), list.size());
  });
}

}  // namespace devshmd::op
