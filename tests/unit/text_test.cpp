// SPDX-License-Identifier: MIT
#include "../../preload/text.h"

#include "../../preload/escape.h"

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

std::string shown(const std::string& name) {
  std::string out;
  devshm::escape(name.data(), name.size(), [&](const char* text, std::size_t size) { out.append(text, size); });
  return out;
}

TEST(Escape, LeavesTextAlone) {
  for (const char* text : {"", "plain", " ~", "\u00a0\u00e9", "\u4e2d\u6587", "\U0001F422", "\U0010ffff", "\ufeee"})
    EXPECT_EQ(shown(text), text);
}

TEST(Escape, EscapesWhatChangesALine) {
  EXPECT_EQ(shown("a\\c"), "a\\\\c");
  EXPECT_EQ(shown(std::string("\0\n\x1b\x7f", 4)), "\\u0000\\u000a\\u001b\\u007f");
  EXPECT_EQ(shown("\u0080\u009f"), "\\u0080\\u009f");
  EXPECT_EQ(shown("\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ufeff"),
            "\\u061c\\u200e\\u200f\\u2028\\u2029\\u202a\\u202e\\u2066\\u2069\\ufeff");
}

TEST(Escape, KeepsBytesThatAreNoText) {
  EXPECT_EQ(shown("\x80\xff"), "\\udc80\\udcff");
  EXPECT_EQ(shown("\xc0\xaf"), "\\udcc0\\udcaf");             // a longer form of /
  EXPECT_EQ(shown("\xe0\x80\xaf"), "\\udce0\\udc80\\udcaf");  // another
  EXPECT_EQ(shown("\xed\xa0\x80"), "\\udced\\udca0\\udc80");  // a surrogate
  EXPECT_EQ(shown("\xf4\x90\x80\x80"), "\\udcf4\\udc90\\udc80\\udc80");
  EXPECT_EQ(shown("\xe4\xb8"), "\\udce4\\udcb8");  // cut off
}

TEST(Escape, CutsOffALongName) {
  const std::string limit(devshm::shown_name_limit, 'x');
  EXPECT_EQ(shown(limit), limit);
  EXPECT_EQ(shown(limit + "x"), limit + "...");
  // Not within a character.
  EXPECT_EQ(shown(limit.substr(1) + "\u4e2d" + "x"), limit.substr(1) + "...");
}

TEST(Line, CutsOffBetweenEscapes) {
  Line<8> line;
  EXPECT_STREQ(line.add_name("a\nb\n").add("c").c_str(), "a\\u000a");
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
