// SPDX-License-Identifier: MIT
#include "overlay_link.h"

#include <alloca.h>

#include "path_rule.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

/// Cuts a path short for as long as this object lives.
class Cut {
 public:
  explicit Cut(char* at) : at_(at), was_(*at) { *at = '\0'; }
  ~Cut() { *at_ = was_; }
  Cut(const Cut&) = delete;

 private:
  char* at_;
  char was_;
};

/// The length of a link's text if that leads into /dev/shm, else 0.
[[gnu::cold, gnu::noinline]] std::size_t text_length_if_astray(const char* path) {
  struct stat found;
  if (sys::fstatat(AT_FDCWD, path, &found, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISLNK(found.st_mode)) return 0;
  const auto size = static_cast<std::size_t>(found.st_size);
  char* text = static_cast<char*>(alloca(size + 1));
  if (sys::readlink(path, text, size) != found.st_size) return 0;
  text[size] = '\0';
  return text[0] == '/' && judge(text, Start::root).kind == Verdict::inside ? size : 0;
}

}  // namespace

[[gnu::cold]] OverlayLink find_overlay_link(char* path, std::size_t head, bool last_too) {
  char* end = path + head;
  for (;;) {
    while (*end == '/') ++end;
    if (!*end) return {0, 0};
    while (*end && *end != '/') ++end;
    if (!*end && !last_too) return {0, 0};
    const Cut cut(end);
    if (const std::size_t length = text_length_if_astray(path)) return {static_cast<std::size_t>(end - path), length};
  }
}

[[gnu::cold]] bool follow_overlay_link(char* path, const OverlayLink& link, char* out) {
  char* end = path + link.end;
  __builtin_memcpy(out + link.text_length, end, length_of(end) + 1);
  const Cut cut(end);
  return sys::readlink(path, out, link.text_length) == static_cast<long>(link.text_length);
}

}  // namespace devshm
