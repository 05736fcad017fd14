// SPDX-License-Identifier: MIT
//
// The three ways of changing bytes that can't be written. They are constant_change.cpp's own business, and only one of
// them is taken on any machine: so the file itself is part of this test, which tries each on pages of its own.
#include "../../preload/constant_change.cpp"  // NOLINT(bugprone-suspicious-include)
#include "../../preload/libc_constant.cpp"    // NOLINT(bugprone-suspicious-include)

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>

#ifndef SYS_mseal
#define SYS_mseal 462
#endif

namespace devshm {
namespace {

const std::size_t page_size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));

struct Way {
  const char* name;
  bool (*change)(const char* at, const char* text, bool executable);
};

constexpr Way ways[] = {
    {"moving a copy", by_moving_a_copy},
    {"/proc/self/mem", [](const char* at, const char* text, bool) { return by_proc_mem(at, text); }},
    {"unprotecting", by_unprotecting}};

/// Four pages full of letters, with the constant somewhere in them.
class Pages {
 public:
  Pages(std::size_t at, int protection, int sharing = MAP_PRIVATE) : before_(4 * page_size, '\0') {
    map_ = static_cast<char*>(mmap(nullptr, before_.size(), PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0));
    if (map_ == MAP_FAILED) std::abort();
    for (std::size_t i = 0; i < before_.size(); ++i) before_[i] = static_cast<char>('a' + i % 23);
    before_.replace(at, 9, "/dev/shm/");
    std::memcpy(map_, before_.data(), before_.size());
    place_ = map_ + at;
    if (mprotect(map_, before_.size(), protection) != 0) std::abort();
  }
  ~Pages() { munmap(map_, before_.size()); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  char* map() const { return map_; }
  std::size_t size() const { return before_.size(); }
  const char* place() const { return place_; }

  /// Only the eight bytes are others.
  void expect_changed_to(const char* text) const {
    std::string expected = before_;
    expected.replace(static_cast<std::size_t>(place_ - map_), constant_length, text);
    EXPECT_TRUE(expected == std::string(map_, expected.size()));
  }

  /// Every one of the pages.
  void expect_protection(const std::string& wanted) const {
    std::ifstream maps("/proc/self/maps");
    std::size_t seen = 0;
    for (std::string line; std::getline(maps, line);) {
      unsigned long begin = 0, end = 0;
      char protection[5] = "";
      if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, protection) != 3) continue;
      begin = std::max(begin, reinterpret_cast<unsigned long>(map_));
      end = std::min(end, reinterpret_cast<unsigned long>(map_ + size()));
      if (begin >= end) continue;
      seen += end - begin;
      EXPECT_EQ(protection, wanted);
    }
    EXPECT_EQ(seen, size());
  }

 private:
  std::string before_;
  char* map_;
  const char* place_;
};

/// Everywhere in a page, and across the border of two.
const std::size_t offsets[] = {0,
                               1,
                               page_size - 9,
                               page_size - 8,
                               page_size - 7,
                               page_size - 1,
                               page_size,
                               2 * page_size + 1234,
                               4 * page_size - 9};

class Change : public testing::TestWithParam<Way> {
 protected:
  bool change(const Pages& pages, const char* text, bool executable) {
    return GetParam().change(pages.place(), text, executable);
  }
};

TEST_P(Change, OfReadOnlyPages) {
  for (const std::size_t at : offsets) {
    const Pages pages(at, PROT_READ);
    ASSERT_TRUE(change(pages, "/tmp/shm", false));
    pages.expect_changed_to("/tmp/shm");
    pages.expect_protection("r--p");
    ASSERT_TRUE(change(pages, "/x//////", false));
    pages.expect_changed_to("/x//////");
  }
}

TEST_P(Change, OfExecutablePages) {
  for (const std::size_t at : offsets) {
    const Pages pages(at, PROT_READ | PROT_EXEC);
    ASSERT_TRUE(change(pages, "/tmp/shm", true));
    pages.expect_changed_to("/tmp/shm");
    pages.expect_protection("r-xp");
  }
}

TEST_P(Change, LeavesNoMappingBehind) {
  const auto count = [] {
    std::ifstream maps("/proc/self/maps");
    std::size_t bytes = 0;
    unsigned long begin = 0, end = 0;
    for (std::string line; std::getline(maps, line);)
      if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) == 2 && line.find("[heap]") == line.npos)
        bytes += end - begin;
    return bytes;
  };
  const Pages pages(page_size - 4, PROT_READ);
  change(pages, "/tmp/shm", false);
  const std::size_t before = count();
  for (int i = 0; i < 1000; ++i) change(pages, "/tmp/shm", false);
  EXPECT_LT(count(), before + 1000 * page_size);
}

#if defined(__x86_64__)
constexpr unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};  // mov $42, %eax; ret
#elif defined(__aarch64__)
constexpr unsigned char code[] = {0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6};  // mov w0, #42; ret
#endif

// On aarch64 libc's text is between its functions.
TEST_P(Change, NeverStopsCodeOnTheSamePage) {
  const Pages pages(page_size + 64, PROT_READ | PROT_WRITE);
  char* function = pages.map() + page_size;
  std::memcpy(function, code, sizeof code);
  __builtin___clear_cache(function, function + sizeof code);
  ASSERT_EQ(mprotect(pages.map(), pages.size(), PROT_READ | PROT_EXEC), 0);
  std::atomic<bool> stop{false};
  std::atomic<long> calls{0}, wrong{0};
  std::thread runner([&] {
    while (!stop) {
      if (reinterpret_cast<int (*)()>(function)() != 42) ++wrong;
      ++calls;
    }
  });
  while (calls == 0) std::this_thread::yield();
  for (int i = 0; i < 2000; ++i) EXPECT_TRUE(change(pages, i % 2 ? "/tmp/shm" : "/dev/shm", true));
  stop = true;
  runner.join();
  EXPECT_EQ(wrong, 0);
}

INSTANTIATE_TEST_SUITE_P(Ways, Change, testing::ValuesIn(ways), [](const auto& info) {
  return std::string(info.index == 0 ? "MovingACopy" : info.index == 1 ? "ProcMem" : "Unprotecting");
});

TEST(ChangePlace, TakesAnyWayThatIsLeft) {
  for (const bool executable : {false, true}) {
    const Pages pages(100, executable ? PROT_READ | PROT_EXEC : PROT_READ);
    const LoadedObject none{};
    EXPECT_TRUE(change_constant({none, pages.place(), executable}, "/tmp/shm"));
    pages.expect_changed_to("/tmp/shm");
    pages.expect_protection(executable ? "r-xp" : "r--p");
  }
}

// As libc may be one day. Moving and unprotecting are refused, and what was tried leaves no trace.
TEST(ChangePlace, CopesWithASealedPage) {
  static const Pages* const pages = new Pages(page_size - 4, PROT_READ);  // it can't be unmapped any more
  if (syscall(SYS_mseal, pages->map(), pages->size(), 0) != 0) GTEST_SKIP() << "no mseal here";
  EXPECT_FALSE(by_moving_a_copy(pages->place(), "/tmp/shm", false));
  EXPECT_FALSE(by_unprotecting(pages->place(), "/tmp/shm", false));
  pages->expect_changed_to("/dev/shm");
  pages->expect_protection("r--p");
  const LoadedObject none{};
  const bool changed = change_constant({none, pages->place(), false}, "/tmp/shm");
  pages->expect_changed_to(changed ? "/tmp/shm" : "/dev/shm");
  pages->expect_protection("r--p");
}

TEST(ChangePlace, KnowsTheForms) {
  EXPECT_TRUE(is_known_form("", 1));
  EXPECT_FALSE(is_known_form("", 0));
  EXPECT_TRUE(is_known_form("/", 2));
  EXPECT_FALSE(is_known_form("/", 1));  // the end is not in sight
  EXPECT_TRUE(is_known_form("/sem.XXXXXX", 5));
  EXPECT_FALSE(is_known_form("/sem.XXXXXX", 4));
}

}  // namespace
}  // namespace devshm
