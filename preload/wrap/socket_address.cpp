// SPDX-License-Identifier: MIT
#include "socket_address.h"

#include <alloca.h>

#include <algorithm>

#include "../backing_dir.h"
#include "../constant_dir.h"
#include "../report.h"
#include "../settings.h"
#include "../shown_name.h"
#include "../sys.h"

namespace devshm {

OutgoingAddress::OutgoingAddress(const sockaddr* address, socklen_t length) : given_(address), given_length_(length) {
  error_ = map();
}

int OutgoingAddress::map() {
  const UnixName name = unix_name(given_, given_length_, sizeof(sockaddr_un));
  if (!may_match(name)) return 0;
  __builtin_memcpy(text_, name.text, name.length);
  text_[name.length] = '\0';

  return make(Links::none);
}

int OutgoingAddress::make(Links followed) {
  int error = 0;
  const auto use = [&](const KernelPath& found) {
    if (!found.is_rewritten) return;
    is_inside_ = found.is_inside;
    const char* head = found.text;
    std::size_t head_length = is_inside_ ? settings().dir_length : 0;
    const char* const rest = head + head_length;
    const std::size_t rest_length = length_of(rest);
    char shortcut[constant_length];
    // Any name that was spelled out from the root fits behind the directory's name of eight bytes.
    if (head_length > constant_length && head_length + rest_length > unix_name_room) {
      error = constant_dir(shortcut);
      if (error) return;
      head = shortcut;
      head_length = constant_length;
    }
    mapped_length_ = make_unix_address(mapped_, head, head_length, rest, rest_length);
    if (!mapped_length_) error = ENAMETOOLONG;
  };
  const int refused = with_kernel_path(text_, use, followed);
  return refused ? refused : error;
}

const sockaddr* OutgoingAddress::address() const {
  return is_rewritten() ? reinterpret_cast<const sockaddr*>(&mapped_) : given_;
}

void OutgoingAddress::log(const char* function) const {
  if (!is_rewritten()) return;
  char to[unix_name_room + 1];
  const UnixName name = unix_name(&mapped_, mapped_length_, sizeof mapped_);
  __builtin_memcpy(to, name.text, name.length);
  to[name.length] = '\0';
  log_reroute(function, text_, to);
}

namespace {

/// Whether eight bytes are a short link to the backing directory (constant_dir.h), ours or another user's. Reads the
/// link, because this process may never have needed one.
bool is_link_to(const Settings& set, const char* name) {
  if (!begins_with(name, "/tmp/")) return false;
  char link[constant_length + 1] = {};
  __builtin_memcpy(link, name, constant_length);
  char* text = static_cast<char*>(alloca(set.dir_length + 1));
  const long length = sys::readlink(link, text, set.dir_length + 1);
  return length == static_cast<long>(set.dir_length) && begins_with(text, set.dir, set.dir_length);
}

/// constant_length if a name begins with eight bytes that stand for the backing directory, else 0. They may be the
/// directory's name padded with slashes, so this comes before a look at that.
std::size_t shortcut_prefix(const UnixName& name) {
  const Settings& set = settings();
  if (!set.active || !lies_in(name.text, name.length, name.text, constant_length)) return 0;
  const bool stands_for_it = set.dir_length > constant_length ? is_link_to(set, name.text) : is_constant_dir(name.text);
  return stands_for_it ? constant_length : 0;
}

}  // namespace

void show_address(void* address, socklen_t& length) {
  const UnixName name = unix_name(address, length, longest_unix_address);
  std::size_t prefix = shortcut_prefix(name);
  if (!prefix) prefix = backing_prefix(name.text, name.length, NameOf::path);
  const socklen_t shown = prefix ? show_unix_address(address, length, prefix) : 0;
  if (!shown) return;
  // A shorter name must leave no remains of the other behind it.
  if (shown < length) __builtin_memset(static_cast<char*>(address) + shown, 0, length - shown);
  length = shown;
}

void show_if_unix(void* address, socklen_t room, socklen_t& length) {
  const socklen_t seen = std::min({room, length, longest_unix_address});
  if (!is_unix(address, seen)) return;
  UnixAddressBuffer own = {};
  __builtin_memcpy(own, address, seen);
  socklen_t shown = seen;
  show_address(own, shown);
  copy_address(address, room, own, std::max(seen, shown));
  length = length - seen + shown;
}

void copy_address(void* out, socklen_t room, const void* address, socklen_t length) {
  __builtin_memcpy(out, address, length < room ? length : room);
}

unsigned count_ordinary(const mmsghdr* messages, unsigned count) {
  const auto is_ordinary = [](const msghdr& message) { return !is_unix(message.msg_name, message.msg_namelen); };
  unsigned ordinary = 0;
  while (ordinary < count && is_ordinary(messages[ordinary].msg_hdr)) ++ordinary;
  return ordinary;
}

long send_to(const char* function, const sockaddr* address, socklen_t length, SendCall call) {
  OutgoingAddress to(address, length);
  if (to.error()) return fail_with<long>(to.error());
  const long result = call(to.address(), to.length());
  to.log(function);
  if (result != -1 || errno != ENOENT || !to.is_inside()) return result;
  overlay_was_remade();
  if (const int error = to.make(Links::all)) return fail_with<long>(error);
  return call(to.address(), to.length());
}

long receive_from(sockaddr* out, socklen_t* length, ReceiveCall call) {
  // The kernel refuses a length that is null or negative.
  if (!out || !length || static_cast<int>(*length) < 0) return call(out, length);
  const socklen_t room = *length;
  if (!is_short(room)) {
    const long result = call(out, length);
    if (result >= 0) show_if_unix(out, room, *length);
    return result;
  }
  union {
    sockaddr address;
    UnixAddressBuffer bytes;
  } own;
  socklen_t own_length = sizeof own.bytes;
  const long result = call(&own.address, &own_length);
  if (result >= 0) {
    show_if_unix(&own, sizeof own.bytes, own_length);
    copy_address(out, room, &own, own_length);
    *length = own_length;
  }
  return result;
}

msghdr OwnAddress::borrow(msghdr message) {
  // If no address is requested, or with a length that the kernel refuses, there is nothing to lend.
  if (!message.msg_name || static_cast<int>(message.msg_namelen) < 0) return message;
  message.msg_name = bytes;
  message.msg_namelen = sizeof bytes;
  return message;
}

void OwnAddress::give_back(msghdr& message, const msghdr& filled) {
  socklen_t length = filled.msg_namelen;
  if (filled.msg_name == bytes) {
    show_if_unix(bytes, sizeof bytes, length);
    copy_address(message.msg_name, message.msg_namelen, bytes, length);
  }
  message.msg_namelen = length;
  message.msg_controllen = filled.msg_controllen;
  message.msg_flags = filled.msg_flags;
}

}  // namespace devshm
