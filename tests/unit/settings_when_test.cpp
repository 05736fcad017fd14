// SPDX-License-Identifier: MIT
//
// DEVSHM_WHEN=missing and small, where there is this or that /dev/shm.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cstring>
#include <string>

#include "../../preload/settings.h"
#include "support.h"

using devshm::settings;
using support::in_silent_child;

namespace {

/// DEVSHM_WHEN=missing in a /dev of our own; `make_dev_shm` says what is in it.
void expect_active_if_missing(bool active, void (*make_dev_shm)()) {
  in_silent_child({{"DEVSHM_WHEN", "missing"}}, [=] {
    ASSERT_TRUE(support::enter_private_mounts());
    ASSERT_EQ(mount("none", "/dev", "tmpfs", 0, "mode=755"), 0);
    make_dev_shm();
    EXPECT_EQ(settings().active, active);
  });
}

TEST(SettingsWhenMissing, StandAsideWhereDevShmIsAWritableTmpfs) {
  NEEDS(support::lacks_private_mounts());
  expect_active_if_missing(false, [] { ASSERT_EQ(mkdir("/dev/shm", 01777), 0); });
}

TEST(SettingsWhenMissing, ActWhereThereIsNone) {
  NEEDS(support::lacks_private_mounts());
  expect_active_if_missing(true, [] {});
}

TEST(SettingsWhenMissing, ActWhereItCantBeWritten) {
  NEEDS(support::lacks_private_mounts());
  expect_active_if_missing(true, [] {
    ASSERT_EQ(mkdir("/dev/shm", 01777), 0);
    ASSERT_EQ(mount("none", "/dev/shm", "tmpfs", MS_RDONLY, nullptr), 0);
  });
}

TEST(SettingsWhenMissing, ActWhereItIsNoTmpfs) {
  NEEDS(support::lacks_private_mounts());
  expect_active_if_missing(true, [] {
    ASSERT_EQ(mkdir("/dev/shm", 01777), 0);
    ASSERT_EQ(mount("/proc", "/dev/shm", nullptr, MS_BIND | MS_REC, nullptr), 0);
  });
}

struct SmallCase {
  const char* when;
  const char* options;  // of the tmpfs at /dev/shm; null: there is none
  bool active;
};

/// Root and a user without rights must come to the same: otherwise they would not meet.
void expect_for_all_users(const SmallCase& expected) {
  SCOPED_TRACE(std::string(expected.when) + " with " + (expected.options ? expected.options : "nothing"));
  for (const bool as_root : {true, false}) {
    in_silent_child({{"DEVSHM_WHEN", expected.when}}, [&] {
      ASSERT_TRUE(support::enter_private_mounts());
      ASSERT_EQ(mount("none", "/dev", "tmpfs", 0, "mode=755"), 0);
      if (expected.options) {
        ASSERT_EQ(mkdir("/dev/shm", 0755), 0);
        const bool read_only = std::strstr(expected.options, "ro,") != nullptr;
        const char* options = read_only ? expected.options + 3 : expected.options;
        ASSERT_EQ(mount("none", "/dev/shm", "tmpfs", read_only ? MS_RDONLY : 0, options), 0);
      }
      if (!as_root) support::become_nobody();
      EXPECT_EQ(settings().active, expected.active) << (as_root ? "root" : "nobody");
    });
  }
}

TEST(SettingsWhenSmall, AllUsersDecideAlikeByTheSize) {
  NEEDS(support::lacks_private_mounts());
  NEEDS(support::lacks_other_users());
  for (const SmallCase& expected : {
           SmallCase{"small:64M", nullptr, true},
           {"small:64M", "mode=1777,size=64m", false},
           {"small:64M", "mode=1777,size=63m", true},
           {"small:65536k", "mode=1777,size=64m", false},
           {"small:0", "mode=1777,size=1m", false},
           {"small:16T", "mode=1777,size=0", false},  // without a limit
           {"small", "mode=1777,size=50%", false},
           {"small", "mode=1777,size=64m", true},
           {"small:1%", "mode=1777,size=50%", false},
           {"small:100%", "mode=1777,size=99%", true},
           {"small:1M", "mode=755,size=64m", true},  // root could write there, others couldn't
           {"small:1M", "mode=1770,size=64m", true},
           {"small:1M", "ro,mode=1777,size=64m", true},
       })
    expect_for_all_users(expected);
}

// What is free changes from one process to the next.
TEST(SettingsWhenSmall, DoesNotCountWhatIsFree) {
  NEEDS(support::lacks_private_mounts());
  in_silent_child({{"DEVSHM_WHEN", "small:8M"}}, [] {
    ASSERT_TRUE(support::enter_private_mounts());
    ASSERT_EQ(mount("none", "/dev", "tmpfs", 0, "mode=755"), 0);
    ASSERT_EQ(mkdir("/dev/shm", 0755), 0);
    ASSERT_EQ(mount("none", "/dev/shm", "tmpfs", 0, "mode=1777,size=8m"), 0);
    const int full = open("/dev/shm/full", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ASSERT_EQ(posix_fallocate(full, 0, 8 << 20), 0);
    EXPECT_FALSE(settings().active);
  });
}

}  // namespace
