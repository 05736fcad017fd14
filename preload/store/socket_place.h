// SPDX-License-Identifier: MIT
//
// Names the socket that the keeper listens at: ROOT/socket.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include "names.h"

namespace devshm::store {

/// The socket's address. False if ROOT's path is too long for one.
inline bool put_socket_address(const Root& root, struct sockaddr_un& out) {
  const PathText path = root.entry("socket");
  if (!path.fits() || path.size() >= sizeof out.sun_path) return false;
  out.sun_family = AF_UNIX;
  // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): size() letters and their end are there
  for (std::size_t i = 0; i <= path.size(); ++i) out.sun_path[i] = path.c_str()[i];
  return true;
}

}  // namespace devshm::store
