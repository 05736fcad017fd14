// SPDX-License-Identifier: MIT
#include "file_system.h"

#include <chrono>

namespace devshmd {

bool Locked::room_may_come() {
  using namespace std::chrono_literals;
  if (!fs_.table.has_nameless() || fs_.waiting_ + 1 >= fs_.threads) return false;
  fs_.queue.hand_on();
  ++fs_.waiting_;
  const bool came = fs_.forgotten.wait_for(lock_, 50ms) == std::cv_status::no_timeout;
  --fs_.waiting_;
  return came;
}

void Locked::invalidate_attributes(Ino ino) {
  unlocked([&] { return fuse_lowlevel_notify_inval_inode(fs_.session, ino, -1, 0); });
}

void Locked::flush(Ino ino) {
  fs_.queue.hand_on();
  unlocked([&] { return fuse_lowlevel_notify_inval_inode(fs_.session, ino, 0, 0); });
}

}  // namespace devshmd
