// SPDX-License-Identifier: MIT
#include "../../preload/text.h"

#include <gtest/gtest.h>

#include <climits>
#include <cstring>
#include <string>

using devshm::begins_with;
using devshm::Line;
using devshm::LineWriter;
using devshm::same;

namespace {

TEST(Line, PutsTextsAndNumbersTogether) {
  Line<64> line;
  EXPECT_STREQ(line.c_str(), "");
  EXPECT_EQ(line.size(), 0u);
  line.add("errno ").add(13).add("").add(", twice ").add(-7);
  EXPECT_STREQ(line.c_str(), "errno 13, twice -7");
  EXPECT_EQ(line.size(), std::strlen("errno 13, twice -7"));
}

TEST(Line, WritesEveryNumber) {
  for (const long number : {0L, 1L, -1L, 9L, 10L, -10L, 65534L, 1234567890L, LONG_MAX, LONG_MIN, LONG_MIN + 1}) {
    Line<32> line;
    EXPECT_EQ(line.add(number).c_str(), std::to_string(number));
    EXPECT_EQ(line.size(), std::to_string(number).size());
  }
}

TEST(Line, CutsOffWhatDoesNotFit) {
  Line<8> line;
  line.add("1234");
  EXPECT_STREQ(line.c_str(), "1234");
  line.add("567");
  EXPECT_STREQ(line.c_str(), "1234567");  // full: seven bytes and the end
  line.add("8").add(9);
  EXPECT_STREQ(line.c_str(), "1234567");
  EXPECT_EQ(line.size(), 7u);
}

TEST(Line, CutsOffNumbersToo) {
  Line<8> line;
  EXPECT_STREQ(line.add("abc").add(LONG_MIN).c_str(), "abc-922");
}

TEST(LineWriter, StaysInTheMemoryItIsGiven) {
  for (std::size_t size = 1; size < 16; ++size) {
    char memory[32];
    std::memset(memory, '#', sizeof memory);
    LineWriter line(memory, size);
    line.add("0123456789").add(1234567890L);
    EXPECT_EQ(line.size(), size - 1);
    EXPECT_EQ(memory, std::string("01234567891234567890").substr(0, size - 1));
    EXPECT_EQ(std::string(memory + size, sizeof memory - size), std::string(sizeof memory - size, '#'));
  }
}

TEST(Text, Compares) {
  EXPECT_TRUE(same("", ""));
  EXPECT_TRUE(same("always", "always"));
  EXPECT_FALSE(same("always", "alway"));
  EXPECT_TRUE(begins_with("DEVSHM_DIR=/x", "DEVSHM_DIR"));
  EXPECT_TRUE(begins_with("x", ""));
  EXPECT_FALSE(begins_with("", "x"));
  EXPECT_FALSE(begins_with("DEVSHM", "DEVSHM_DIR"));
}

}  // namespace
