// SPDX-License-Identifier: MIT
//
// Finds the file name in an AF_UNIX address (unix(7)), and replaces it, both ways.
//
// Pure code over the caller's memory: no system call, no libc call, no allocation, no state. What an address is mapped
// to, and whether the file system agrees, is decided in wrap/socket_address.h.
//
// The length counts. A name ends at its first NUL or with the address, whichever comes first, so all 108 bytes may be a
// name. An address that begins with a NUL is abstract, and one that is no longer than its family has no name; neither
// is a file. If an address is longer than sockaddr_un, the kernel is left to report the error.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

inline constexpr socklen_t unix_head = offsetof(sockaddr_un, sun_path);
inline constexpr std::size_t unix_name_room = sizeof(sockaddr_un) - unix_head;

/// The longest address that the kernel ever returns: it counts the NUL that it adds to a name of 108 bytes.
inline constexpr socklen_t longest_unix_address = sizeof(sockaddr_un) + 1;
using UnixAddressBuffer = char[longest_unix_address];

/// The name of a file in an address: part of it, not terminated. Empty if there is none.
struct UnixName {
  const char* text;
  std::size_t length;
};

/// The file name in an address that the kernel receives (`limit` is sizeof(sockaddr_un)) or returns.
UnixName unix_name(const void* address, socklen_t length, socklen_t limit);

/// Whether the name contains the letters "hm", as may_match() checks for a path.
bool may_match(const UnixName& name);

/// Makes `out` the address of the file `head` + `rest`, and returns its length; 0 if they don't fit. It is terminated
/// unless the name takes all 108 bytes.
socklen_t make_unix_address(sockaddr_un& out, const char* head, std::size_t head_length, const char* rest,
                            std::size_t rest_length);

/// Shows an address that the kernel has returned, all of its bytes, as the program knows it: /dev/shm replaces the
/// first `prefix` bytes of its name. `address` has room for the longest one. Returns the new length, counted as the
/// kernel does, or 0 if the address stays as it is because the new one would be too long.
socklen_t show_unix_address(void* address, socklen_t length, std::size_t prefix);

}  // namespace devshm
