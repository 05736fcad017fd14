// SPDX-License-Identifier: MIT
#include "operations.h"

#include <cstring>

#include "../call.h"

namespace devshmd::op {
namespace {

void answer(Call& call, const std::string& value, std::size_t size) {
  if (size == 0) return call.size(value.size());
  if (size < value.size()) return call.error(ERANGE);
  call.data(value.data(), value.size());
}

bool is_status(fuse_ino_t ino, const char* name) { return ino == root_ino && std::strcmp(name, status_attribute) == 0; }

}  // namespace

void getxattr(fuse_req_t request, fuse_ino_t ino, const char* name, std::size_t size) {
  if (is_status(ino, name)) {  // devshmd asks itself: that is no access to the files, and every mode answers it
    FileSystem& fs = *static_cast<FileSystem*>(fuse_req_userdata(request));
    const std::string text = status_text(fs);
    if (size == 0)
      fuse_reply_xattr(request, text.size());
    else if (size < text.size())
      fuse_reply_err(request, ERANGE);
    else
      fuse_reply_buf(request, text.data(), text.size());
    return;
  }
  Call call(request, Operation::getxattr, ino);
  if (call.recorded()) call.note(name);
  if (call.refused()) return;
  call.lock();
  Node* node = call.node();
  if (!node) return;
  // The kernel itself asks for security.capability before each write. It does so here for want of HANDLE_KILLPRIV_V2.
  const auto found = node->attributes.find(name);
  if (found == node->attributes.end()) {
    const int error = attribute_name_error(name);
    return call.error(error ? error : ENODATA);
  }
  const std::string value = found->second;
  answer(call, value, size);
}

}  // namespace devshmd::op
