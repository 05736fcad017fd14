// SPDX-License-Identifier: MIT
//
// What a call without room does: it tries again when an object has been forgotten, whose room came back.
#include <gtest/gtest.h>

#include <thread>

#include "../../../daemon/file_system.h"
#include "owners.h"

namespace devshmd {
namespace {

TEST(Room, IsLookedForAgainIfAnObjectWasForgottenDuringTheAttempt) {
  FileSystem fs(Mode::serve, Space(Space::unlimited, 20, false), alice, "/dev/shm");
  Locked locked(fs);
  const Found made = locked.table().make(root_ino, "f", {S_IFREG | 0600, alice});
  ASSERT_EQ(made.error, 0);
  const Ino ino = made.node->ino;
  locked.table().remember(*made.node);
  ASSERT_EQ(locked.table().unlink(root_ino, "f"), 0);
  int attempts = 0;
  EXPECT_EQ(locked.with_room([&] {
    if (++attempts > 1) return 0;
    locked.table().forget(ino, 1);  // by another thread, since an attempt may release the lock
    return ENOSPC;
  }),
            0);
  EXPECT_EQ(attempts, 2);
}

// One call waits for that no longer than a moment, in which a busy machine may not let the other thread run. A thousand
// do.
TEST(Room, IsWaitedForWhileTheKernelHasAnObjectToForget) {
  bool waited = false;
  for (int time = 0; time < 1000 && !waited; ++time) {
    FileSystem fs(Mode::serve, Space(Space::unlimited, 20, false), alice, "/dev/shm");
    fs.threads = 4;
    Ino ino = 0;
    std::thread kernel;
    {
      Locked locked(fs);
      const Found made = locked.table().make(root_ino, "f", {S_IFREG | 0600, alice});
      ASSERT_EQ(made.error, 0);
      ino = made.node->ino;
      locked.table().remember(*made.node);
      ASSERT_EQ(locked.table().unlink(root_ino, "f"), 0);
      const auto forget = [&] {
        Locked other(fs);  // only once the call that waits has released it
        other.table().forget(ino, 1);
        fs.forgotten.notify_all();
      };
      int attempts = 0;
      waited = locked.with_room([&] {
        if (++attempts > 1) return 0;
        kernel = std::thread(forget);
        return ENOSPC;
      }) == 0;
    }
    kernel.join();
  }
  EXPECT_TRUE(waited);
}

TEST(Room, IsNotLookedForAgainIfNothingCanBringIt) {
  FileSystem fs(Mode::serve, Space(Space::unlimited, 20, false), alice, "/dev/shm");
  int attempts = 0;
  EXPECT_EQ(Locked(fs).with_room([&] {
    ++attempts;
    return ENOSPC;
  }),
            ENOSPC);
  EXPECT_EQ(attempts, 1);
}

}  // namespace
}  // namespace devshmd
