// SPDX-License-Identifier: MIT
// Announces that the mount answers: on a descriptor, to the service manager, to the parent process.
#pragma once

#include <string>

namespace devshmd {

/// Sends the daemon to the background. `enter` returns in the child; the parent ends when the child calls `ready`, or
/// has ended without doing so.
class Background {
 public:
  void enter();
  void ready();

 private:
  int pipe_ = -1;
};

/// Notifies the service manager (sd_notify's protocol) if $NOTIFY_SOCKET asks for it.
void notify_manager(const std::string& state);

/// Writes a newline to `fd`, and closes it.
void announce_on(int fd);

}  // namespace devshmd
