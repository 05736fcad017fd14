// SPDX-License-Identifier: MIT
//
// judge() against two others that know where a path leads: a model written in another way, and the kernel, which
// resolves the path in a scratch tree that it takes for the root (openat2 with RESOLVE_IN_ROOT, Linux 5.6).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "../../preload/path_rule.h"
#include "support.h"

using devshm::judge;
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
    root_ = open(scratch_.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    ASSERT_GE(root_, 0);
    root_name_ = location(root_);
    const int fd = open_in_root(".");
    NEEDS(fd < 0 ? "no openat2" : "");
    close(fd);
  }
  ~ScratchRoot() override { close(root_); }

  /// Directories of every name in each other, and a file in each.
  void plant(const std::string& below, int levels) {
    support::write_file(scratch_ / (below + "/f"));
    if (!levels) return;
    for (const char* name : {"dev", "shm", "shmx", "x", "dir"}) {
      const std::string dir = below + "/" + name;
      ASSERT_EQ(mkdir((scratch_ / dir).c_str(), 0755), 0);
      plant(dir, levels - 1);
    }
  }

  int open_in_root(const std::string& path) const {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT;
    return static_cast<int>(syscall(SYS_openat2, root_, path.c_str(), &how, sizeof how));
  }

  static std::string location(int fd) {
    char name[PATH_MAX];
    const ssize_t size = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), name, sizeof name);
    return std::string(name, size > 0 ? static_cast<std::size_t>(size) : 0);
  }

  /// Where the kernel lands with `path`, seen from the scratch root; nothing if it lands nowhere.
  std::optional<std::string> land(const std::string& path) const {
    const int fd = open_in_root(path);
    if (fd < 0) return {};
    const std::string where = location(fd).substr(root_name_.size());
    close(fd);
    return where;
  }

  /// Where the machine's root counts, as it does for a backing directory.
  std::optional<std::string> land_below_backing_dir(const std::string& rest) const {
    const int fd = open((scratch_.path() + "/dev/shm" + rest).c_str(), O_PATH | O_CLOEXEC);
    if (fd < 0) return {};
    const std::string where = location(fd).substr(root_name_.size());
    close(fd);
    return where;
  }

  static bool is_below_dev_shm(const std::string& where) {
    return where == "/dev/shm" || where.compare(0, 9, "/dev/shm/") == 0;
  }

  support::ScratchDir scratch_;
  int root_ = -1;
  std::string root_name_;
};

TEST_F(ScratchRoot, TheKernelAgrees) {
  plant("", 4);
  std::printf("seed %u\n", seed);
  RandomPaths paths;
  int seen[3] = {};
  for (int i = 0; i < 120000 && !testing::Test::HasFailure(); ++i) {
    const std::string path = paths.absolute();
    const std::optional<std::string> where = land(path);
    if (!where) continue;
    const Verdict verdict = judge(path.c_str(), Start::root);
    SCOPED_TRACE(path + " leads to " + *where);
    ASSERT_EQ(verdict.kind == Verdict::inside, is_below_dev_shm(*where));
    if (verdict.kind == Verdict::inside) {
      ASSERT_EQ(land_below_backing_dir(verdict.rest), where);
    } else if (verdict.kind == Verdict::through) {
      ASSERT_EQ(land("/dev" + std::string(verdict.rest)), where);
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
  plant("", 4);
  ASSERT_EQ(symlink("dir/x", (scratch_ / "dev/shm/deep").c_str()), 0);
  for (const std::string path : {"/dev/shm/deep/../f", "/dev/shm/deep/f", "/dev/shm/deep/../../f", "/dev/shm/deep/"}) {
    SCOPED_TRACE(path);
    const Verdict verdict = judge(path.c_str(), Start::root);
    if (verdict.kind != Verdict::inside) {
      // The text climbs out. The limit of a rule by text: the kernel is still inside.
      EXPECT_EQ(path, "/dev/shm/deep/../../f");
      continue;
    }
    const std::optional<std::string> where = land(path);
    ASSERT_TRUE(where);
    EXPECT_EQ(land_below_backing_dir(verdict.rest), where);
  }
  EXPECT_EQ(land("/dev/shm/deep/../f"), "/dev/shm/dir/f");
}

}  // namespace
