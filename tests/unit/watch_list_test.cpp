// SPDX-License-Identifier: MIT
#include "../../preload/store/keeper/watch_list.h"

#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "support.h"

using devshm::store::WatchList;

namespace {

class Watches : public testing::Test {
 protected:
  ~Watches() override { close(inotify_); }

  int watch(const std::string& name) {
    support::write_file(scratch_ / name);
    return inotify_add_watch(inotify_, (scratch_ / name).c_str(), IN_ATTRIB);
  }

  support::ScratchDir scratch_;
  const int inotify_ = inotify_init1(IN_CLOEXEC);
};

// Their numbers are hexadecimal in the kernel's list, and there are more than it hands out at once.
TEST_F(Watches, AreThoseThatThereAre) {
  std::vector<int> kept, gone;
  for (int i = 0; i < 300; ++i) (i % 3 ? kept : gone).push_back(watch(std::to_string(i)));
  for (std::size_t i = 0; i < gone.size(); ++i)
    if (i % 2)
      inotify_rm_watch(inotify_, gone[i]);
    else
      unlink((scratch_ / std::to_string(3 * i)).c_str());
  const WatchList list(inotify_);
  ASSERT_TRUE(list.is_complete());
  for (const int watch : kept) EXPECT_TRUE(list.has(watch)) << watch;
  for (const int watch : gone) EXPECT_FALSE(list.has(watch)) << watch;
  EXPECT_FALSE(list.has(0));
}

TEST_F(Watches, OfNoneTheListIsComplete) {
  const WatchList list(inotify_);
  EXPECT_TRUE(list.is_complete());
  EXPECT_FALSE(list.has(1));
}

TEST_F(Watches, OfWhatCanNotBeReadTheListIsNot) { EXPECT_FALSE(WatchList(-1).is_complete()); }

}  // namespace
