// SPDX-License-Identifier: MIT
#include "file_system.h"

#include <chrono>

namespace devshmd {

bool FileSystem::room_may_come(std::unique_lock<std::mutex>& lock) {
  using namespace std::chrono_literals;
  if (!table.has_nameless() || waiting_ + 1 >= threads) return false;
  ++waiting_;
  const bool came = forgotten.wait_for(lock, 50ms) == std::cv_status::no_timeout;
  --waiting_;
  return came;
}

}  // namespace devshmd
