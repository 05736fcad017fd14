// SPDX-License-Identifier: MIT
//
// may_match() reads blocks of sixteen bytes, and so bytes that are not the path's. Here the path lies in a page with
// nothing behind it and "hm" all around it: whatever it looks at too much either crashes or gives a wrong answer.
#include <gtest/gtest.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <string>

#include "../../preload/path_rule.h"

using devshm::may_match;

namespace {

/// One page between two that can't be touched.
class LonelyPage {
 public:
  LonelyPage() : size_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    map_ = static_cast<char*>(mmap(nullptr, 3 * size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (map_ == MAP_FAILED || mprotect(map_ + size_, size_, PROT_READ | PROT_WRITE) != 0) std::abort();
  }
  ~LonelyPage() { munmap(map_, 3 * size_); }
  LonelyPage(const LonelyPage&) = delete;
  LonelyPage& operator=(const LonelyPage&) = delete;

  /// Puts `text` in, with `gap` bytes between its end and the end of the page, and "hm" everywhere else: an 'h' right
  /// before the text if `phase` is 0, an 'm' if it is 1.
  const char* put(const std::string& text, size_t gap, int phase) {
    char* page = map_ + size_;
    char* at = page + size_ - gap - text.size() - 1;
    for (char* p = page; p < at; ++p) *p = (at - p + phase) % 2 ? 'h' : 'm';
    std::memcpy(at, text.c_str(), text.size() + 1);
    for (char* p = at + text.size() + 1; p < page + size_; ++p) *p = (p - at + phase) % 2 ? 'h' : 'm';
    return at;
  }

  /// Puts `text` at the very beginning.
  const char* put_first(const std::string& text) {
    return static_cast<char*>(std::memcpy(map_ + size_, text.c_str(), text.size() + 1));
  }

 private:
  size_t size_;
  char* map_;
};

bool has_hm(const std::string& text) { return text.find("hm") != std::string::npos; }

/// Every place that the end of a string can have in a block, with both kinds of surroundings.
void expect_right_answer_everywhere(LonelyPage& page, const std::string& text) {
  for (size_t gap = 0; gap < 16; ++gap)
    for (int phase : {0, 1})
      ASSERT_EQ(may_match(page.put(text, gap, phase)), has_hm(text))
          << '"' << text << "\", " << gap << " bytes before the end of the page, phase " << phase;
}

// What a string is filled with: letters of the pair itself, and bytes that differ from them in one bit or by one, which
// a search by blocks may take for them (or for the end).
constexpr const char* fillings[] = {"x", "/",  "h",    "m",    "mhx",  "hx",       "xm",    "i",
                                    "l", "gl", "\x01", "\x80", "\xff", "\xe8\xed", "h\x01m"};

std::string filled(const char* filling, size_t length) {
  std::string text;
  while (text.size() < length) text += filling;
  text.resize(length);
  return text;
}

TEST(MayMatch, IsFalseForNullAndEmpty) {
  EXPECT_FALSE(may_match(nullptr));
  EXPECT_FALSE(may_match(""));
  LonelyPage page;
  expect_right_answer_everywhere(page, "");
}

TEST(MayMatch, FindsNothingInAnyLengthAtAnyAlignment) {
  LonelyPage page;
  for (size_t length = 0; length <= 64; ++length)
    for (const char* filling : fillings) {
      const std::string text = filled(filling, length);
      ASSERT_FALSE(has_hm(text));
      expect_right_answer_everywhere(page, text);
    }
}

TEST(MayMatch, FindsThePairAtEveryPosition) {
  LonelyPage page;
  for (size_t length = 2; length <= 64; ++length)
    for (size_t at = 0; at + 2 <= length; ++at)
      for (const char* filling : fillings) {
        std::string text = filled(filling, length);
        text.replace(at, 2, "hm");
        expect_right_answer_everywhere(page, text);
      }
}

TEST(MayMatch, ReadsNothingBeforeTheFirstPage) {
  LonelyPage page;
  EXPECT_FALSE(may_match(page.put_first("m")));
  EXPECT_TRUE(may_match(page.put_first("hm")));
  EXPECT_FALSE(may_match(page.put_first("")));
}

TEST(MayMatch, AgreesWithAPlainSearch) {
  constexpr unsigned seed = 20240607;
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  const std::string letters = "hhmm/il\x01\x68\x6d\xe8\xed\x80\xff";
  LonelyPage page;
  for (int i = 0; i < 20000; ++i) {
    std::string text(random() % 40, '\0');
    for (char& letter : text) letter = letters[random() % letters.size()];
    expect_right_answer_everywhere(page, text);
  }
}

TEST(MayMatch, LetsEverySpellingOfDevShmThrough) {
  for (const char* path : {"/dev/shm", "/dev/shm/", "shm", "//dev/./shm/../shm/x", "/x/../dev/shm/y"})
    EXPECT_TRUE(may_match(path)) << path;
}

}  // namespace

/// The kernel takes no more than PATH_MAX bytes, so a program may pass as many without an end. What lies behind them
/// can't be touched.
TEST(MayMatch, ReadsNoMoreThanPathMaxBytes) {
  const size_t page_size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t readable = 3 * page_size;
  char* map = static_cast<char*>(mmap(nullptr, readable + page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(map, MAP_FAILED);
  ASSERT_EQ(mprotect(map, readable, PROT_READ | PROT_WRITE), 0);
  std::memset(map, 'a', readable);
  for (size_t length = PATH_MAX; length < PATH_MAX + 40; ++length)
    EXPECT_TRUE(may_match(map + readable - length)) << length << " bytes without an end";
  map[readable - 1] = '\0';
  for (size_t length = PATH_MAX - 40; length < PATH_MAX; ++length)
    EXPECT_FALSE(may_match(map + readable - length - 1)) << length << " bytes";
  munmap(map, readable + page_size);
}

TEST(MayMatch, LeavesAddressesThatCannotBeReadToTheKernel) {
  for (const uintptr_t address : {uintptr_t{1}, uintptr_t{4095}, UINTPTR_MAX, uintptr_t{1} << 63})
    EXPECT_FALSE(may_match(reinterpret_cast<const char*>(address))) << address;
}
