// SPDX-License-Identifier: MIT
//
// Makes calls that pass or return the name of a socket.
//
//   send_to(name, address, length, [&](const sockaddr* to, socklen_t size) { return real(fd, to, size); });
//   receive_from(out, length, [&](sockaddr* from, socklen_t* size) { return real(fd, from, size); });
//
// Calls without an AF_UNIX name do not get here. errno and cancellation are those of the function that is called.
// Nothing here allocates or takes a lock.
#pragma once

#include <errno.h>

#include "../function_ref.h"
#include "../unix_address.h"
#include "path.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// The address of an outgoing call, judged, and rewritten if it names something below /dev/shm. About 250 bytes.
class OutgoingAddress {
 public:
  OutgoingAddress(const sockaddr* address, socklen_t length);
  OutgoingAddress(const OutgoingAddress&) = delete;

  /// The errno value that the call is to fail with; 0 if it is not.
  int error() const { return error_; }
  bool is_rewritten() const { return mapped_length_ != 0; }
  bool is_inside() const { return is_rewritten() && is_inside_; }
  /// The address to call with: the caller's own, or the rewritten one, which lives as long as this object.
  const sockaddr* address() const;
  socklen_t length() const { return is_rewritten() ? mapped_length_ : given_length_; }
  /// Makes the address to call with: again, with links followed, after a call that has failed with ENOENT. Returns 0 or
  /// an errno value.
  int make(Links followed);
  /// Writes a line to the user's log, if the address was rewritten.
  void log(const char* function) const;

 private:
  int map();

  const sockaddr* given_;
  socklen_t given_length_;
  socklen_t mapped_length_ = 0;
  int error_ = 0;
  bool is_inside_ = false;
  sockaddr_un mapped_;
  char text_[unix_name_room + 1];  // the caller's name, terminated
};

/// Whether an address has the family AF_UNIX and a name. Reads only the family.
inline bool is_unix(const void* address, socklen_t length) {
  sa_family_t family;
  if (!address || length <= unix_head) return false;
  __builtin_memcpy(&family, address, sizeof family);
  return family == AF_UNIX;
}

/// Calls that get the address as their last argument. They return an int or a ssize_t, as a word.
using SendCall = FunctionRef<long(const sockaddr*, socklen_t)>;
using ReceiveCall = FunctionRef<long(sockaddr*, socklen_t*)>;

/// Calls `function` with an AF_UNIX address, which is judged. Links in the overlay are followed as in call.cpp.
[[gnu::cold]] long send_to(const char* function, const sockaddr* address, socklen_t length, SendCall call);

/// Shows an address that the kernel has returned: `length` bytes of it, complete, in memory with room for the longest
/// one.
[[gnu::cold, gnu::noinline]] void show_address(void* address, socklen_t& length);

/// The same for any address, which the kernel has cut off if it needed more than `room` bytes. The end that it lacks is
/// counted in `length`.
void show_if_unix(void* address, socklen_t room, socklen_t& length);

/// Copies a returned address to the caller, cut off as the kernel does.
void copy_address(void* out, socklen_t room, const void* address, socklen_t length);

/// Whether the kernel may cut off more than the NUL of an address: an incomplete name can't always be shown.
inline bool is_short(socklen_t room) { return room < sizeof(sockaddr_un); }

/// Calls `call` with memory for the address it returns and for its length: the caller's own or, if that may be too
/// short, ours. *length is the caller's, unset if the call fails, as the kernel leaves it.
long receive_from(sockaddr* out, socklen_t* length, ReceiveCall call);

/// How many messages precede the first that goes to an AF_UNIX name.
unsigned count_ordinary(const mmsghdr* messages, unsigned count);

/// A message to be received, whose address is written to our own memory.
struct OwnAddress {
  UnixAddressBuffer bytes;

  msghdr borrow(msghdr message);
  /// Copies to the caller's message what the kernel wrote to the copy.
  void give_back(msghdr& message, const msghdr& filled);
};

}  // namespace devshm
