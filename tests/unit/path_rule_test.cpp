// SPDX-License-Identifier: MIT
//
// judge() and next_candidate(), spelling by spelling. path_rule_kernel_test.cpp asks the kernel as well.
#include "../../preload/path_rule.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

using devshm::Candidate;
using devshm::judge;
using devshm::judge_absolute;
using devshm::next_candidate;
using devshm::Start;
using devshm::Verdict;

namespace {

constexpr auto outside = Verdict::outside;
constexpr auto inside = Verdict::inside;
constexpr auto through = Verdict::through;

struct Spelling {
  const char* path;
  Verdict::Kind kind;
  const char* rest = nullptr;
};

template <std::size_t Count>
void expect_verdicts(const Spelling (&spellings)[Count], Start start) {
  for (const Spelling& spelling : spellings) {
    SCOPED_TRACE(spelling.path);
    const Verdict verdict = judge(spelling.path, start);
    EXPECT_EQ(verdict.kind, spelling.kind);
    if (!spelling.rest) continue;
    EXPECT_STREQ(verdict.rest, spelling.rest);
    // Verbatim: not a copy, but the very end of the path.
    EXPECT_EQ(verdict.rest, spelling.path + std::strlen(spelling.path) - std::strlen(spelling.rest));
  }
}

TEST(Judge, IsExactAtTheComponentBoundary) {
  const Spelling spellings[] = {
      {"/dev/shm", inside, ""},
      {"/dev/shm/", inside, "/"},
      {"/dev/shm/x", inside, "/x"},
      {"/dev/shm/dir/x", inside, "/dir/x"},
      {"/dev/shmfoo", outside},
      {"/dev/sahm", outside},
      {"/dev/shahm", outside},
      {"/dev/shm.bak", outside},
      {"/dev/shm.", outside},
      {"/dev/shm..", outside},
      {"/dev/shm...", outside},
      {"/dev/shm /x", outside},
      {"/dev/shm\\x", outside},
      {"/dev/sh", outside},
      {"/dev/sh/m", outside},
      {"/dev/xshm", outside},
      {"/dev/.shm", outside},
      {"/dev/SHM", outside},
      {"/Dev/shm", outside},
      {"/devshm", outside},
      {"/dev.shm", outside},
      {"/de/v/shm", outside},
      {"/devx/shm", outside},
      {"/xdev/shm", outside},
      {"/shm", outside},
      {"/shm/dev", outside},
      {"/dev", outside},
      {"/dev/", outside},
      {"/dev/dev/shm", outside},
      {"/dev/x/shm", outside},
      {"/x/dev/shm", outside},
      {"/tmp/shm", outside},
      {"/tmp/dev/shm/x", outside},
      {"/", outside},
      {"//", outside},
      {"", outside},
  };
  expect_verdicts(spellings, Start::root);
}

// It looks for dots in eight letters at a time.
TEST(JudgeAbsolute, SeesDotsAtEachPlace) {
  for (std::size_t length = 0; length < 40; ++length) {
    for (std::size_t at = 0; at + 3 <= length; ++at) {
      for (const char* part : {"/..", "/.x", "x..", "..x", "x.x", "./."}) {
        std::string rest = length ? "/" + std::string(length - 1, 'x') : "";
        rest.replace(at, 3, part);
        if (rest[0] != '/') rest[0] = '/';
        const std::string path = "/dev/shm" + rest;
        const Verdict verdict = judge(path.c_str(), Start::root);
        const Verdict by_length = judge_absolute(path.c_str(), path.size());
        ASSERT_EQ(by_length.kind, verdict.kind) << path;
        ASSERT_EQ(by_length.rest, verdict.rest) << path;
      }
    }
  }
}

TEST(Judge, PassesOverDoubledSlashesAndDots) {
  const Spelling spellings[] = {
      {"//dev/shm/x", inside, "/x"},
      {"///dev///shm///x", inside, "///x"},
      {"/dev//shm", inside, ""},
      {"/dev//shm//", inside, "//"},
      {"/./dev/shm/x", inside, "/x"},
      {"/dev/./shm/x", inside, "/x"},
      {"/dev/.//././/shm/x", inside, "/x"},
      {"/.//.//dev/shm", inside, ""},
      {"/dev/.../shm", outside},
      {"/dev/. /shm", outside},
      {"/.../dev/shm", outside},
  };
  expect_verdicts(spellings, Start::root);
}

TEST(Judge, LeavesTheRestAsItIs) {
  const Spelling spellings[] = {
      {"/dev/shm/.", inside, "/."},
      {"/dev/shm/./", inside, "/./"},
      {"/dev/shm/./x", inside, "/./x"},
      {"/dev/shm/x/", inside, "/x/"},
      {"/dev/shm/x//", inside, "/x//"},
      {"/dev/shm//x/.", inside, "//x/."},
      {"/dev/shm/dir/..", inside, "/dir/.."},
      {"/dev/shm/dir/../", inside, "/dir/../"},
      {"/dev/shm/dir/../x", inside, "/dir/../x"},
      {"/dev/shm/a/b/../../x", inside, "/a/b/../../x"},
      {"/dev/shm/a/../b/../x", inside, "/a/../b/../x"},
      {"/dev/shm/dev/shm/x", inside, "/dev/shm/x"},
      {"/dev/shm/shm", inside, "/shm"},
      {"/dev/shm/...", inside, "/..."},
      {"/dev/shm/..x", inside, "/..x"},
      {"/dev/shm/x..", inside, "/x.."},
  };
  expect_verdicts(spellings, Start::root);
}

TEST(Judge, FollowsDotDotOnTheWayIn) {
  const Spelling spellings[] = {
      {"/dev/../dev/shm/x", inside, "/x"},
      {"/../dev/shm/x", inside, "/x"},  // above the root is the root
      {"/../../../dev/shm", inside, ""},
      {"/x/../dev/shm/x", inside, "/x"},
      {"/x/y/../../dev/shm/x", inside, "/x"},
      {"/dev/x/../shm/x", inside, "/x"},
      {"/dev/x/y/../../shm/x", inside, "/x"},
      {"/dev/shmx/../shm/x", inside, "/x"},
      {"/dev/dev/../shm/x", inside, "/x"},
      {"/dev/../shm", outside},
      {"/dev/../shm/dev", outside},
      {"/dev/../../shm", outside},
      {"/x/../dev/y/shm", outside},
      {"/x/dev/../shm", outside},
      {"/dev/x/../y/shm", outside},
      {"/..", outside},
      {"/dev/..", outside},
  };
  expect_verdicts(spellings, Start::root);
}

// There may be no /dev/shm for the kernel to climb out of: what is left is relative to /dev.
TEST(Judge, TellsOfTheWayOut) {
  const Spelling spellings[] = {
      {"/dev/shm/..", through, ""},
      {"/dev/shm/../", through, "/"},
      {"/dev/shm/../null", through, "/null"},
      {"/dev/shm//..//null", through, "//null"},
      {"/dev/shm/./../null", through, "/null"},
      {"/dev/shm/../shmx", through, "/shmx"},
      {"/dev/shm/../shm.bak/x", through, "/shm.bak/x"},
      {"/dev/shm/x/../../null", through, "/null"},
      {"/dev/shm/a/b/../../../null", through, "/null"},
      {"/dev/shm/../..", through, "/.."},
      {"/dev/shm/../../tmp/x", through, "/../tmp/x"},
      {"/dev/shm/../../../tmp/x", through, "/../../tmp/x"},
      {"/dev/shm/../x/../null", through, "/x/../null"},
      {"/dev/shm/../null/", through, "/null/"},
      {"/dev/shm/../shm/../null", through, "/null"},
      {"/dev/shm/../../dev/shm/../null", through, "/null"},
      {"/dev/shm/../../shm/x", through, "/../shm/x"},
  };
  expect_verdicts(spellings, Start::root);
}

TEST(Judge, FollowsAWayOutAndInAgain) {
  const Spelling spellings[] = {
      {"/dev/shm/../shm/x", inside, "/x"},
      {"/dev/shm/../shm", inside, ""},
      {"/dev/shm/../shm/", inside, "/"},
      {"/dev/shm/../../dev/shm/x", inside, "/x"},
      {"/dev/shm/../../../dev//shm/x", inside, "/x"},
      {"/dev/shm/a/../../shm/b/../x", inside, "/b/../x"},
      {"/dev/shm/../x/../shm/y", inside, "/y"},
      {"/dev/shm/../shm/../shm/../shm/z", inside, "/z"},
  };
  expect_verdicts(spellings, Start::root);
}

TEST(Judge, StartsInDevWhereItIsTold) {
  const Spelling spellings[] = {
      {"shm", inside, ""},
      {"shm/", inside, "/"},
      {"shm/x", inside, "/x"},
      {"./shm//x", inside, "//x"},
      {"x/../shm/x", inside, "/x"},
      {"../dev/shm/x", inside, "/x"},
      {"../../dev/shm/x", inside, "/x"},
      {"shm/../shm/x", inside, "/x"},
      {"shm/..", through, ""},
      {"shm/../null", through, "/null"},
      {"shm/../../tmp", through, "/../tmp"},
      {"shmx", outside},
      {"dev/shm", outside},
      {"x/shm", outside},
      {"../shm", outside},
      {"../x/shm", outside},
      {"..", outside},
      {".", outside},
      {"", outside},
  };
  expect_verdicts(spellings, Start::dev);
}

TEST(Judge, StartsAtTheRootForARelativePathToo) {
  const Spelling spellings[] = {
      {"dev/shm", inside, ""},    {"dev/shm/x", inside, "/x"},           {"./dev/./shm/x", inside, "/x"},
      {"../dev/shm", inside, ""}, {"dev/shm/../null", through, "/null"}, {"shm", outside},
      {"dev", outside},
  };
  expect_verdicts(spellings, Start::root);
}

// What a wrapper makes of a path, once more through the rule.
TEST(Judge, IsIdempotent) {
  const char* paths[] = {"/dev/shm",         "/dev/shm/x/../y",  "/dev/shm/dev/shm/x",   "/dev/shm/../null",
                         "/dev/shm/../../x", "/dev/shm/a/../..", "/dev/shm/../shm/shm/", "/dev/shm/../../dev"};
  for (const char* path : paths) {
    SCOPED_TRACE(path);
    const Verdict verdict = judge(path, Start::root);
    ASSERT_NE(verdict.kind, outside);
    const std::string mapped = (verdict.kind == inside ? "/tmp/shm" : "/dev") + std::string(verdict.rest);
    EXPECT_EQ(judge(mapped.c_str(), Start::root).kind, outside) << mapped;
  }
}

TEST(NextCandidate, FindsTheComponentsThatMayLeadIn) {
  struct {
    const char* path;
    const char* at;
    Start start;
  } const cases[] = {
      {"shm", "shm", Start::dev},
      {"shm/x", "shm/x", Start::dev},
      {"dev", "dev", Start::root},
      {"dev/shm/x", "dev/shm/x", Start::root},
      {"./dev/shm", "dev/shm", Start::root},
      {"link/shm/x", "shm/x", Start::dev},
      {"../..//dev/shm", "dev/shm", Start::root},
      {"/shm", "shm", Start::dev},  // where a search goes on behind a component
      {"//x//shm/", "shm/", Start::dev},
      {"shmx/xshm/devx/xdev/shm", "shm", Start::dev},
  };
  for (const auto& expected : cases) {
    SCOPED_TRACE(expected.path);
    const Candidate candidate = next_candidate(expected.path);
    ASSERT_NE(candidate.at, nullptr);
    EXPECT_STREQ(candidate.at, expected.at);
    EXPECT_EQ(candidate.start, expected.start);
  }
}

TEST(NextCandidate, FindsAllOfThemInTurn) {
  const char* path = "dev/a/shm//shmx/../dev";
  Candidate candidate = next_candidate(path);
  EXPECT_EQ(candidate.at, path);
  candidate = next_candidate(candidate.at + 3);
  EXPECT_EQ(candidate.at, path + 6);
  candidate = next_candidate(candidate.at + 3);
  EXPECT_EQ(candidate.at, path + 19);
  EXPECT_EQ(next_candidate(candidate.at + 3).at, nullptr);
}

TEST(NextCandidate, FindsNoneInOtherPaths) {
  for (const char* path : {"", ".", "..", "/", "x", "shmx", "xshm", "de/v", "devices/shm.txt", "s/h/m"})
    EXPECT_EQ(next_candidate(path).at, nullptr) << path;
}

}  // namespace
