// SPDX-License-Identifier: MIT
#include "../../../daemon/directory.h"

#include <gtest/gtest.h>

#include <vector>

namespace devshmd {
namespace {

std::vector<std::string> names(const Directory& directory, std::uint64_t from = Directory::no_cookie) {
  std::vector<std::string> found;
  directory.each_older_than(from, [&](const std::string& name, const Directory::Entry&) {
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
  EXPECT_EQ(names(directory), (Names{"d", "c", "b", "a"}));
  const std::uint64_t at_c = directory.find("c")->cookie;
  directory.remove("d");
  directory.remove("c");  // the one where the reader stands
  directory.add("c", 2);
  directory.add("A", 2);
  EXPECT_EQ(names(directory, at_c), (Names{"b", "a"}));
}

TEST(Directory, AReaderThatRenamesWhatItReadsComesToAnEnd) {
  Directory directory(1);
  for (const char* name : {"a", "b", "c"}) directory.add(name, 1);
  int read = 0;
  for (std::uint64_t cookie = Directory::no_cookie;;) {
    std::string name;
    directory.each_older_than(cookie, [&](const std::string& found, const Directory::Entry& entry) {
      name = found;
      cookie = entry.cookie;
      return false;
    });
    if (name.empty() || ++read > 3) break;
    directory.remove(name);
    directory.add(name + "+", 1);
  }
  EXPECT_EQ(read, 3);
}

TEST(Directory, CookiesGrowAndLeaveRoomForTheTwoDots) {
  Directory directory(1);
  std::uint64_t last = 2;
  for (int i = 0; i < 10; ++i) {
    directory.add("x", 1);
    EXPECT_GT(directory.find("x")->cookie, last);
    last = directory.find("x")->cookie;
    directory.remove("x");
  }
}

TEST(Directory, StopsWhenToldTo) {
  Directory directory(1);
  for (const char* name : {"a", "b", "c"}) directory.add(name, 1);
  int seen = 0;
  directory.each_older_than(Directory::no_cookie,
                            [&](const std::string&, const Directory::Entry&) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace devshmd
