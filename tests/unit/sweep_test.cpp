// SPDX-License-Identifier: MIT
#include "../../preload/store/keeper/sweep.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "support.h"

using devshm::store::ObjectName;
using devshm::store::Root;

namespace {

class Sweep : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(mkdir(dir_.c_str(), 0700), 0); }

  bool is_there(const std::string& name) const {
    return faccessat(AT_FDCWD, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  }
  /// A link to an object.
  static void link(const Root& root, const std::string& path) {
    ASSERT_EQ(symlink(root.link_text(ObjectName{1, 2}).c_str(), path.c_str()), 0);
  }

  support::ScratchDir scratch_;
  const std::string dir_ = scratch_ / "shm";
  const Root root_{dir_.c_str(), 1, 1}, other_{dir_.c_str(), 2, 2};
};

TEST_F(Sweep, RemovesTheNamesOfThisStoreAlone) {
  link(root_, dir_ + "/ours");
  link(other_, dir_ + "/theirs");
  ASSERT_EQ(symlink("elsewhere", (dir_ + "/link").c_str()), 0);
  support::write_file(dir_ + "/file");
  remove_dangling_names(root_, dir_.c_str());
  EXPECT_EQ(support::names_in(dir_), (std::vector<std::string>{"file", "link", "theirs"}));
}

// Each level takes stack, and a stranger may have made the directories.
TEST_F(Sweep, GoesDownSixtyFourLevels) {
  std::string at = dir_;
  for (int level = 1; level <= 66; ++level) {
    at += "/d";
    ASSERT_EQ(mkdir(at.c_str(), 0700), 0);
    link(root_, at + "/a");
  }
  remove_dangling_names(root_, dir_.c_str());
  at = dir_;
  for (int level = 1; level <= 66; ++level) {
    at += "/d";
    EXPECT_EQ(is_there(at + "/a"), level > 64) << level;
  }
}

}  // namespace
