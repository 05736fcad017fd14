// SPDX-License-Identifier: MIT
//
// judge() against two others that know where a path leads: a model written in another way, and the kernel, which
// resolves the path in a scratch tree that it takes for the root (openat2 with RESOLVE_IN_ROOT, Linux 5.6).
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "../../preload/path_rule.h"
#include "kernel_root.h"
#include "support.h"

using devshm::judge;
using devshm::judge_absolute;
using devshm::may_match;
using devshm::Start;
using devshm::Verdict;

namespace {

constexpr unsigned seed = 19700101;

/// Paths of one to nine components. Those that lead somewhere of interest come more than once.
class RandomPaths {
 public:
  std::string absolute() { return "/" + relative(); }
  std::string relative() {
    static const char* const components[] = {"dev", "dev", "dev", "shm", "shm", "shm", "shmx", "x",
                                             ".",   "..",  "..",  "..",  "",    "f",   "dir"};
    std::string path;
    for (std::size_t left = 1 + random_() % 9; left; --left) {
      path += components[random_() % std::size(components)];
      if (left > 1 || random_() % 4 == 0) path += '/';
    }
    return path;
  }

 private:
  std::mt19937 random_{seed};
};

/// The rule said with a stack of names.
struct Model {
  Verdict::Kind kind = Verdict::outside;
  std::size_t rest = 0;  // where in the path it begins

  Model(const std::string& path, std::vector<std::string> stack) {
    const std::vector<std::string> dev_shm{"dev", "shm"};
    std::optional<std::size_t> entered, left;
    for (std::size_t begin = 0; begin < path.size();) {
      const std::size_t end = std::min(path.find('/', begin), path.size());
      const std::string name = path.substr(begin, end - begin);
      if (name == "..") {
        if (stack == dev_shm) left = end;
        if (!stack.empty()) stack.pop_back();
      } else if (name != "" && name != ".") {
        stack.push_back(name);
        if (stack == dev_shm) entered = end;
      }
      begin = end + 1;
    }
    const bool is_in = stack.size() >= 2 && stack[0] == "dev" && stack[1] == "shm";
    if (!is_in && !left) return;
    kind = is_in ? Verdict::inside : Verdict::through;
    // Starting below /dev/shm is not among the starts, so whoever is in has entered.
    rest = is_in ? entered.value() : left.value();
  }
};

void expect_as_model(const std::string& path, Start start) {
  const Model model(path, start == Start::root ? std::vector<std::string>{} : std::vector<std::string>{"dev"});
  const Verdict verdict = judge(path.c_str(), start);
  ASSERT_EQ(verdict.kind, model.kind) << path;
  if (start == Start::root) {
    const Verdict by_length = judge_absolute(path.c_str(), path.size());
    ASSERT_EQ(by_length.kind, model.kind) << path;
    ASSERT_EQ(by_length.rest, verdict.rest) << path;
  }
  if (verdict.kind == Verdict::outside) return;
  ASSERT_EQ(verdict.rest - path.c_str(), static_cast<std::ptrdiff_t>(model.rest)) << path;
  ASSERT_TRUE(may_match(path.c_str())) << path;
}

TEST(JudgeProperty, IsThatOfTheModel) {
  std::printf("seed %u\n", seed);
  RandomPaths paths;
  for (int i = 0; i < 200000 && !testing::Test::HasFailure(); ++i) {
    expect_as_model(paths.absolute(), Start::root);
    expect_as_model(paths.relative(), Start::root);
    expect_as_model(paths.relative(), Start::dev);
  }
}

TEST(JudgeProperty, MappingTwiceChangesNothing) {
  std::printf("seed %u\n", seed);
  RandomPaths paths;
  for (int i = 0; i < 100000; ++i) {
    const std::string path = paths.absolute();
    const Verdict verdict = judge(path.c_str(), Start::root);
    if (verdict.kind == Verdict::outside) continue;
    const std::string mapped = (verdict.kind == Verdict::inside ? "/tmp/shm" : "/dev") + std::string(verdict.rest);
    ASSERT_EQ(judge(mapped.c_str(), Start::root).kind, Verdict::outside) << path << " -> " << mapped;
  }
}

class ScratchRoot : public testing::Test {
 protected:
  void SetUp() override {
    NEEDS(root_.ok() ? "" : "no openat2");
    ASSERT_TRUE(root_.plant(4));
  }

  support::ScratchDir scratch_;
  const ground::KernelRoot root_{scratch_.path()};
};

TEST_F(ScratchRoot, TheKernelAgrees) {
  std::printf("seed %u\n", seed);
  RandomPaths paths;
  int seen[3] = {};
  for (int i = 0; i < 120000 && !testing::Test::HasFailure(); ++i) {
    const std::string path = paths.absolute();
    const std::optional<std::string> where = root_.land(path);
    if (!where) continue;
    const Verdict verdict = judge(path.c_str(), Start::root);
    SCOPED_TRACE(path + " leads to " + *where);
    ASSERT_EQ(verdict.kind == Verdict::inside, root_.is_in_dev_shm(*where));
    if (verdict.kind == Verdict::inside) {
      ASSERT_EQ(root_.land_in_backing_dir(verdict.rest), where);
    } else if (verdict.kind == Verdict::through) {
      ASSERT_EQ(root_.land("/dev" + std::string(verdict.rest)), where);
    }
    ++seen[verdict.kind];
  }
  // A test that hardly ever gets anywhere would prove nothing.
  for (const int count : seen) EXPECT_GT(count, 500);
  std::printf("outside %d, inside %d, through %d\n", seen[Verdict::outside], seen[Verdict::inside],
              seen[Verdict::through]);
}

// As text "deep/.." is nothing; for the kernel it is where the link leads, and one up. So the rest has to go over as it
// is.
TEST_F(ScratchRoot, LinksInTheRestAreTheKernels) {
  ASSERT_TRUE(root_.link("dir/x", "/dev/shm/deep"));
  for (const std::string path : {"/dev/shm/deep/../f", "/dev/shm/deep/f", "/dev/shm/deep/../../f", "/dev/shm/deep/"}) {
    SCOPED_TRACE(path);
    const Verdict verdict = judge(path.c_str(), Start::root);
    if (verdict.kind != Verdict::inside) {
      // The text climbs out. The limit of a rule by text: the kernel is still inside.
      EXPECT_EQ(path, "/dev/shm/deep/../../f");
      continue;
    }
    const std::optional<std::string> where = root_.land(path);
    ASSERT_TRUE(where);
    EXPECT_EQ(root_.land_in_backing_dir(verdict.rest), where);
  }
  EXPECT_EQ(root_.land("/dev/shm/deep/../f"), "/dev/shm/dir/f");
}

}  // namespace
