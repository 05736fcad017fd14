// SPDX-License-Identifier: MIT
#include "unix_address.h"

#include "shown_name.h"

namespace devshm {
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

socklen_t show_unix_address(void* address, socklen_t length, std::size_t prefix) {
  const UnixName name = unix_name(address, length, longest_unix_address);
  const std::size_t shown = shown_length(name.length, prefix);
  if (shown > unix_name_room) return 0;
  const bool end_counted = unix_head + name.length < length;
  char* text = static_cast<char*>(address) + unix_head;
  put_shown(text, shown, text, name.length, prefix);
  text[shown] = '\0';
  return static_cast<socklen_t>(unix_head + shown + (end_counted ? 1 : 0));
}

}  // namespace devshm
