// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"

namespace devshmd::op {

void listxattr(fuse_req_t request, fuse_ino_t ino, std::size_t size) {
  Call call(request, Operation::listxattr, ino);
  if (call.refused()) return;
  call.lock();
  Node* node = call.node();
  if (!node) return;
  std::string list;
  for (const auto& [name, value] : node->attributes) {
    if (name.starts_with("trusted.") && call.owner().uid != 0) continue;
    list += name;
    list += '\0';
  }
  if (size == 0) return call.size(list.size());
  if (size < list.size()) return call.error(ERANGE);
  call.data(list.data(), list.size());
}

}  // namespace devshmd::op
