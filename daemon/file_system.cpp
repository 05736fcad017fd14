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

void Locked::invalidate(Ino ino, off_t from) {
  fs_.queue.hand_on();
  unlocked([&] { return fuse_lowlevel_notify_inval_inode(fs_.session, ino, from, 0); });
}

}  // namespace devshmd
