// SPDX-License-Identifier: MIT
#include "../../preload/store/names.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace devshm::store {
namespace {

bool parses(const std::string& text, LinkText& out) {
  // Without an end, as readlink(2) leaves it.
  const std::string padded = text + "7";
  return parse_link(padded.data(), text.size(), out);
}

TEST(ShortText, MarksWhatDoesNotFit) {
  ShortText<4> text;
  text.add("abc");
  EXPECT_TRUE(text.fits());
  EXPECT_STREQ(text.c_str(), "abc");
  text.add("d");
  EXPECT_FALSE(text.fits());
  EXPECT_STREQ(text.c_str(), "abc");
  EXPECT_EQ(text.size(), 3u);
}

TEST(ShortText, WritesNumbers) {
  EXPECT_STREQ(ShortText<32>().add(0ul).add("/").add(4294967295ul).c_str(), "0/4294967295");
  EXPECT_STREQ(ShortText<32>().add_hex(0x0123456789abcdef).c_str(), "0123456789abcdef");
  EXPECT_STREQ(ShortText<32>().add_hex(1).c_str(), "0000000000000001");
}

TEST(Root, LiesBesideTheBackingDirectory) {
  const Root root("/tmp/shm", 1000, 100);
  EXPECT_STREQ(root.c_str(), "/tmp/.shm.memory.1000.100");
  EXPECT_STREQ(root.pool_entry({0xab, 33}).c_str(), "/tmp/.shm.memory.1000.100/pool/00000000000000ab.33");
  EXPECT_STREQ(root.taken_entry({0xab, 33}).c_str(), "/tmp/.shm.memory.1000.100/pool/.00000000000000ab.33");
  EXPECT_STREQ(root.link_text({0xfe, 33}).c_str(), "/tmp/.shm.memory.1000.100/00000000000000fe/33");
  EXPECT_STREQ(Root("/shm", 0, 0).c_str(), "/.shm.memory.0.0");
}

TEST(Root, OfALongDirectoryDoesNotFit) {
  EXPECT_TRUE(Root(("/" + std::string(60, 'd')).c_str(), 4294967295u, 4294967295u).fits());
  EXPECT_FALSE(Root(("/" + std::string(110, 'd')).c_str(), 0, 0).fits());
}

TEST(LinkText, IsTakenApart) {
  const Root root("/tmp/shm", 1000, 100);
  LinkText link;
  ASSERT_TRUE(parses(root.link_text({0x123456789abcdef0, 1023}).c_str(), link));
  EXPECT_EQ(link.object.generation, 0x123456789abcdef0u);
  EXPECT_EQ(link.object.number, 1023u);
  EXPECT_EQ(link.root_length, root.size());
}

TEST(LinkText, OfTheProgramsIsNone) {
  LinkText link;
  for (const char* text : {"",
                           "/",
                           "f",
                           "../f",
                           "/tmp/f",
                           "/tmp/.shm.memory.0.0/0123456789abcdef",
                           "/tmp/.shm.memory.0.0/0123456789abcdef/",
                           "/tmp/.shm.memory.0.0/0123456789abcdef/01",
                           "/tmp/.shm.memory.0.0/0123456789abcdef/1x",
                           "/tmp/.shm.memory.0.0/0123456789abcdef/-1",
                           "/tmp/.shm.memory.0.0/0123456789abcdef/99999999999",
                           "/tmp/.shm.memory.0.0/0123456789ABCDEF/1",
                           "/tmp/.shm.memory.0.0/0123456789abcde/1",
                           "/tmp/.shm.memory.0.0/0123456789abcdef0/1",
                           "/tmp/.shm.memory.0.0//1",
                           "/tmp/shm.memory.0.0/0123456789abcdef/1",
                           "/tmp/.memory.0.0/0123456789abcdef/1",
                           "/tmp/.shm.memory.0/0123456789abcdef/1",
                           "/tmp/.shm.memory..0/0123456789abcdef/1",
                           "/tmp/.shm.memory.0./0123456789abcdef/1",
                           "/tmp/.shm.memory.00.0/0123456789abcdef/1",
                           "/tmp/.shm.memory.4294967296.0/0123456789abcdef/1",
                           "tmp/.shm.memory.0.0/0123456789abcdef/1",
                           "/0123456789abcdef/1"})
    EXPECT_FALSE(parses(text, link)) << text;
  EXPECT_TRUE(parses("/tmp/.shm.memory.0.0/0123456789abcdef/1", link));
}

TEST(Object, HasOneSpelling) {
  ObjectName object;
  const std::string text = "00000000000000ff/12";
  ASSERT_TRUE(parse_object(text.data(), text.size(), object));
  EXPECT_TRUE((object == ObjectName{0xff, 12}));
  for (std::size_t length = 0; length + 1 < text.size(); ++length)
    EXPECT_FALSE(parse_object(text.data(), length, object)) << length;
}

TEST(Object, NamesItsMemfd) {
  EXPECT_STREQ(memfd_name({0xff, 12}).c_str(), "devshm:00000000000000ff/12");
  EXPECT_STREQ(descriptor_text({0xff, 12}).c_str(), "/memfd:devshm:00000000000000ff/12 (deleted)");
  EXPECT_TRUE(descriptor_text({~0ull, 0x7fffffff}).fits());
}

}  // namespace
}  // namespace devshm::store
