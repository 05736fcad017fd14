// SPDX-License-Identifier: MIT
#include "../../../daemon/directory.h"

#include <gtest/gtest.h>

#include <vector>

namespace devshmd {
namespace {

std::vector<std::string> names(const Directory& directory, std::uint64_t after = 0) {
  std::vector<std::string> found;
  directory.each_after(after, [&](const std::string& name, const Directory::Entry&) {
    found.push_back(name);
    return true;
  });
  return found;
}

using Names = std::vector<std::string>;

TEST(Directory, FindsAddsAndRemoves) {
  Directory directory(1);
  directory.add("a", 7);
  directory.add("b", 8);
  ASSERT_NE(directory.find("a"), nullptr);
  EXPECT_EQ(directory.find("a")->ino, 7u);
  EXPECT_EQ(directory.find("A"), nullptr);
  directory.replace("a", 9);
  EXPECT_EQ(directory.find("a")->ino, 9u);
  directory.remove("a");
  directory.remove("not there");
  EXPECT_EQ(directory.size(), 1u);
  EXPECT_EQ(names(directory), Names{"b"});
}

TEST(Directory, ReadingOnMeetsWhatWasThereExactlyOnce) {
  Directory directory(1);
  for (const char* name : {"a", "b", "c", "d"}) directory.add(name, 1);
  const std::uint64_t at_b = directory.find("b")->cookie;
  directory.remove("a");
  directory.remove("b");  // the one where the reader stands
  directory.add("b", 2);
  directory.add("A", 2);
  EXPECT_EQ(names(directory, at_b), (Names{"c", "d", "b", "A"}));
}

TEST(Directory, CookiesGrowAndLeaveRoomForTheTwoDots) {
  Directory directory(1);
  std::uint64_t last = 2;
  for (int i = 0; i < 10; ++i) {
    directory.add("x", 1);
    EXPECT_GT(directory.find("x")->cookie, last);
    last = directory.find("x")->cookie;
    EXPECT_GT(directory.next_cookie(), last);
    directory.remove("x");
  }
}

TEST(Directory, StopsWhenToldTo) {
  Directory directory(1);
  for (const char* name : {"a", "b", "c"}) directory.add(name, 1);
  int seen = 0;
  directory.each_after(0, [&](const std::string&, const Directory::Entry&) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace devshmd
