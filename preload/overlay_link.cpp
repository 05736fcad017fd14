// SPDX-License-Identifier: MIT
#include "overlay_link.h"

#include <alloca.h>
#include <errno.h>

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

constexpr char overlay[] = "/dev/shm";
constexpr std::size_t overlay_length = sizeof overlay - 1;

/// What is to be followed if `path`, whose last component begins at `start`, is a link that leads the kernel astray.
[[gnu::cold, gnu::noinline]] OverlayLink link_if_astray(const char* path, std::size_t head, std::size_t start) {
  const OverlayLink none = {};
  struct stat found;
  if (sys::fstatat(AT_FDCWD, path, &found, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISLNK(found.st_mode)) return none;
  const auto size = static_cast<std::size_t>(found.st_size);
  char* text = static_cast<char*>(alloca(size + 1));
  if (sys::readlink(path, text, size) != found.st_size) return none;
  text[size] = '\0';
  const std::size_t end = start + length_of(path + start);
  if (*text == '/') return judge(text, Start::root).kind == Verdict::inside ? OverlayLink{end, size, head, 0} : none;
  if (sys::fstatat(AT_FDCWD, path, &found, 0) != -ENOENT) return none;
  return {end, overlay_length + start - head + size, head, start};
}

}  // namespace

[[gnu::cold]] OverlayLink find_overlay_link(char* path, std::size_t head, bool last_too) {
  char* end = path + head;
  for (;;) {
    while (*end == '/') ++end;
    if (!*end) return {};
    const char* start = end;
    while (*end && *end != '/') ++end;
    if (!*end && !last_too) return {};
    const Cut cut(end);
    const OverlayLink link = link_if_astray(path, head, static_cast<std::size_t>(start - path));
    if (link.end) return link;
  }
}

[[gnu::cold]] bool follow_overlay_link(char* path, const OverlayLink& link, char* out) {
  char* end = path + link.end;
  __builtin_memcpy(out + link.text_length, end, length_of(end) + 1);
  std::size_t size = link.text_length;
  if (link.start) {
    __builtin_memcpy(out, overlay, overlay_length);
    __builtin_memcpy(out + overlay_length, path + link.head, link.start - link.head);
    out += overlay_length + link.start - link.head;
    size -= overlay_length + link.start - link.head;
  }
  const Cut cut(end);
  return sys::readlink(path, out, size) == static_cast<long>(size);
}

}  // namespace devshm
