// SPDX-License-Identifier: MIT
// Who waits for the mount to answer, and how he is told: a descriptor, the service manager, a parent.
#pragma once

#include <string>

namespace devshmd {

/// Goes to the background: returns in the child. The parent leaves when the child has said `ready`, or has ended
/// without.
class Background {
 public:
  void enter();
  void ready();

 private:
  int pipe_ = -1;
};

/// Tells the service manager (sd_notify's protocol) if there is one that asked for it.
void notify_manager(const std::string& state);

/// A newline, and it is closed.
void announce_on(int fd);

}  // namespace devshmd
