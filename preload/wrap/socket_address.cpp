// SPDX-License-Identifier: MIT
#include "socket_address.h"

#include <alloca.h>

#include "../backing_dir.h"
#include "../report.h"
#include "../settings.h"
#include "../start_dir.h"
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

  const Verdict verdict = judge_from(AT_FDCWD, text_);
  if (verdict.kind == Verdict::outside) return 0;
  const Settings& set = settings();
  if (!set.active) return 0;
  is_inside_ = verdict.kind == Verdict::inside;
  if (is_inside_)
    if (const int error = ensure_backing_dir()) return error;

  const char* head = is_inside_ ? set.dir : "/dev";
  const std::size_t head_length = is_inside_ ? set.dir_length : 4;
  const std::size_t rest_length = length_of(verdict.rest);
  mapped_length_ = make_unix_address(mapped_, head, head_length, verdict.rest, rest_length);
  if (mapped_length_) return 0;
  // By its name of eight bytes everything fits that was spelled out from the root.
  if (!is_inside_ || head_length + rest_length <= constant_length + rest_length) return ENAMETOOLONG;
  char shortcut[constant_length];
  if (const int error = constant_dir(shortcut)) return error;
  mapped_length_ = make_unix_address(mapped_, shortcut, constant_length, verdict.rest, rest_length);
  return mapped_length_ ? 0 : ENAMETOOLONG;
}

const sockaddr* OutgoingAddress::address() const {
  return is_rewritten() ? reinterpret_cast<const sockaddr*>(&mapped_) : given_;
}

bool OutgoingAddress::was_remade() const {
  if (!is_rewritten() || !is_inside_) return false;
  const bool dir_is_new = backing_dir_was_remade();
  const bool link_is_new = constant_dir_was_remade();
  return dir_is_new || link_is_new;
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

/// Whether the first eight bytes of a name are a short link to the backing directory (constant_dir.h), ours or
/// another user's. Asked of the link itself: this process may never have needed one.
bool is_shortcut(const Settings& set, const UnixName& name, char (&shortcut)[constant_length + 1]) {
  if (name.length < constant_length || !begins_with(name.text, "/tmp/.")) return false;
  __builtin_memcpy(shortcut, name.text, constant_length);
  shortcut[constant_length] = '\0';
  char* text = static_cast<char*>(alloca(set.dir_length + 1));
  const long length = sys::readlink(shortcut, text, set.dir_length + 1);
  return length == static_cast<long>(set.dir_length) && __builtin_memcmp(text, set.dir, set.dir_length) == 0;
}

}  // namespace

void show_address(void* address, socklen_t& length) {
  const Settings& set = settings();
  if (!set.active) return;
  BackingNames names{set.dir, set.dir_length, nullptr};
  char shortcut[constant_length + 1];
  if (set.dir_length > constant_length) {
    if (is_shortcut(set, unix_name(address, length, longest_unix_address), shortcut)) names.shortcut = shortcut;
  } else {
    char padded[constant_length];
    constant_dir(padded);
    __builtin_memcpy(shortcut, padded, constant_length);
    names.shortcut = shortcut;
  }
  UnixAddressBuffer shown;
  if (const socklen_t shown_length = show_unix_address(names, address, length, shown)) {
    __builtin_memcpy(address, shown, shown_length);
    // A shorter one leaves no remains of the other behind it.
    if (shown_length < length) __builtin_memset(static_cast<char*>(address) + shown_length, 0, length - shown_length);
    length = shown_length;
  }
}

}  // namespace devshm
