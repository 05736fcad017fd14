// SPDX-License-Identifier: MIT
//
// AF_UNIX addresses (unix(7)): the file name in one, and one with another name in its place, both ways.
//
// Pure code over the caller's memory: no system call, no libc call, no allocation, no state. What an address is to be
// mapped to, and whether the file system agrees, is decided in wrap/socket_address.h.
//
// The length is what counts. A name ends at its first NUL or with the address, whichever comes first, so all 108
// bytes may be a name. An address that begins with a NUL is abstract, one that is no longer than its family has no
// name; neither is a file. An address longer than sockaddr_un is an error that the kernel shall tell of.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

inline constexpr socklen_t unix_head = offsetof(sockaddr_un, sun_path);
inline constexpr std::size_t unix_name_room = sizeof(sockaddr_un) - unix_head;

/// The longest address that the kernel ever tells: it counts the end it puts behind a name of 108 bytes.
inline constexpr socklen_t longest_unix_address = sizeof(sockaddr_un) + 1;
using UnixAddressBuffer = char[longest_unix_address];

/// The name of a file in an address: part of it, not terminated. Empty if there is none.
struct UnixName {
  const char* text;
  std::size_t length;
};

/// The file name in an address that the kernel is given (`limit` sizeof(sockaddr_un)) or gives.
UnixName unix_name(const void* address, socklen_t length, socklen_t limit);

/// Whether the name has the letters "hm" in it, as may_match() asks of a path.
bool may_match(const UnixName& name);

/// Makes `out` the address of the file `head` + `rest`, and returns its length; 0 if they don't fit. Terminated unless
/// the name takes all 108 bytes.
socklen_t make_unix_address(sockaddr_un& out, const char* head, std::size_t head_length, const char* rest,
                            std::size_t rest_length);

/// Shows an address that the kernel has told, all of its bytes, as the program knows it: /dev/shm in place of the first
/// `prefix` bytes of its name. `address` has room for the longest. Returns the length of what it has become, counted as
/// the kernel counts, or 0 where the address stays as it is: it would be too long for one.
socklen_t show_unix_address(void* address, socklen_t length, std::size_t prefix);

}  // namespace devshm
