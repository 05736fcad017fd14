// SPDX-License-Identifier: MIT
#include "unix_address.h"

namespace devshm {
namespace {

constexpr char shm_dir[] = "/dev/shm";
constexpr std::size_t shm_dir_length = sizeof shm_dir - 1;

/// Whether `text` is `dir`, or goes on below it.
bool is_below(const char* text, std::size_t length, const char* dir, std::size_t dir_length) {
  if (length < dir_length || __builtin_memcmp(text, dir, dir_length) != 0) return false;
  return length == dir_length || text[dir_length] == '/';
}

}  // namespace

UnixName unix_name(const void* address, socklen_t length, socklen_t limit) {
  if (!address || length <= unix_head || length > limit) return {nullptr, 0};
  sa_family_t family;
  __builtin_memcpy(&family, address, sizeof family);  // programs keep addresses in buffers of any alignment
  if (family != AF_UNIX) return {nullptr, 0};
  const char* text = static_cast<const char*>(address) + unix_head;
  const std::size_t most = length - unix_head;
  std::size_t size = 0;
  while (size < most && text[size] != '\0') ++size;
  return {text, size};
}

bool may_match(const UnixName& name) {
  for (std::size_t i = 1; i < name.length; ++i)
    if (name.text[i] == 'm' && name.text[i - 1] == 'h') return true;
  return false;
}

socklen_t make_unix_address(sockaddr_un& out, const char* head, std::size_t head_length, const char* rest,
                            std::size_t rest_length) {
  const std::size_t length = head_length + rest_length;
  if (length > unix_name_room) return 0;
  out.sun_family = AF_UNIX;
  __builtin_memcpy(out.sun_path, head, head_length);
  __builtin_memcpy(out.sun_path + head_length, rest, rest_length);
  if (length == unix_name_room) return sizeof out;
  out.sun_path[length] = '\0';
  return static_cast<socklen_t>(unix_head + length + 1);
}

std::size_t backing_prefix(const BackingNames& names, const char* text, std::size_t length) {
  // The shortcut may be the directory's name padded with slashes, so it comes first.
  if (names.shortcut && is_below(text, length, names.shortcut, constant_length)) return constant_length;
  return is_below(text, length, names.dir, names.dir_length) ? names.dir_length : 0;
}

socklen_t show_unix_address(const BackingNames& names, const void* address, socklen_t length, UnixAddressBuffer& out) {
  const UnixName name = unix_name(address, length, longest_unix_address);
  const std::size_t prefix = backing_prefix(names, name.text, name.length);
  if (!prefix) return 0;
  const std::size_t rest_length = name.length - prefix;
  const std::size_t shown_length = shm_dir_length + rest_length;
  if (shown_length > unix_name_room) return 0;
  __builtin_memcpy(out, address, unix_head);
  __builtin_memcpy(out + unix_head, shm_dir, shm_dir_length);
  __builtin_memcpy(out + unix_head + shm_dir_length, name.text + prefix, rest_length);
  out[unix_head + shown_length] = '\0';
  const bool end_counted = unix_head + name.length < length;
  return static_cast<socklen_t>(unix_head + shown_length + (end_counted ? 1 : 0));
}

}  // namespace devshm
