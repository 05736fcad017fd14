// SPDX-License-Identifier: MIT
#include "operations.h"

#include "../call.h"
#include "../status.h"

namespace devshmd::op {
namespace {

/// Answers `devshmd --status` and `devshmd top`. That is not an access to the files: every mode answers it, and it is
/// neither recorded nor counted.
void reply_status(fuse_req_t request, const std::string& text, std::size_t size) {
  if (size == 0)
    fuse_reply_xattr(request, text.size());
  else if (size < text.size())
    fuse_reply_err(request, ERANGE);
  else
    fuse_reply_buf(request, text.data(), text.size());
}

}  // namespace

void getxattr(fuse_req_t request, fuse_ino_t ino, const char* name, std::size_t size) {
  if (ino == root_ino)
    if (const auto text = status_answer(*static_cast<FileSystem*>(fuse_req_userdata(request)), name))
      return reply_status(request, *text, size);
  Call call(request, Operation::getxattr, ino);
  if (call.recording()) call.note(name);
  call.with_node([&](Locked fs, Node& node) {
    const auto found = node.attributes.find(name);
    if (found == node.attributes.end()) {
      const int error = attribute_name_error(name);
      return call.reply_err(std::move(fs), error ? error : ENODATA);
    }
    const std::string value = found->second;
    if (size == 0) return call.reply_xattr(std::move(fs), value.size());
    if (size < value.size()) return call.reply_err(std::move(fs), ERANGE);
    call.reply_buf(std::move(fs), value.data(), value.size());
  });
}

}  // namespace devshmd::op
