// SPDX-License-Identifier: MIT
//
// What the targets share: inputs that are text, line by line and word by word, so that a corpus can be read and written
// by hand; a way to say what is wrong; memory that ends where a text ends.
//
// A target is one file, with headers named like it. It takes in the sources it is about (as .cpp), so that it may look
// at what is private in them and put itself in the place of what they call. tests/fuzz/run builds and runs them.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace fuzz {

/// What is found is a crash: libFuzzer keeps the input.
#define EXPECT(condition, ...)                                                     \
  do {                                                                             \
    if (!(condition)) ::fuzz::fail(__FILE__, __LINE__, #condition, {__VA_ARGS__}); \
  } while (false)

[[noreturn]] inline void fail(const char* file, int line, const char* condition,
                              const std::vector<std::string>& details) {
  std::fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
  for (const std::string& detail : details) std::fprintf(stderr, "  %s\n", detail.c_str());
  std::abort();
}

inline std::string text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(at, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// The words of a line, each asked for in turn; what is missing is empty, and 0 as a number.
class Words {
 public:
  explicit Words(const std::string& line) : words_(split(line, ' ')) {}
  std::string text() { return next_ < words_.size() ? words_[next_++] : std::string(); }
  std::uint64_t number() { return std::strtoull(text().c_str(), nullptr, 0); }

 private:
  std::vector<std::string> words_;
  std::size_t next_ = 0;
};

/// Memory whose end lies before a page that can't be touched: who reads on is caught, in assembler code too.
class Guarded {
 public:
  explicit Guarded(std::size_t pages) : size_(pages * page_size()) {
    map_ = static_cast<char*>(mmap(nullptr, size_ + 2 * page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (map_ == MAP_FAILED || mprotect(begin(), size_, PROT_READ | PROT_WRITE) != 0) std::abort();
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  static std::size_t page_size() {
    static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return size;
  }
  char* begin() { return map_ + page_size(); }
  char* end() { return begin() + size_; }
  std::size_t size() const { return size_; }

  /// The text and its end, as the very last bytes.
  const char* put(const std::string& text) {
    if (text.size() >= size_) std::abort();
    char* at = end() - text.size() - 1;
    std::memcpy(at, text.c_str(), text.size() + 1);
    return at;
  }

 private:
  std::size_t size_;
  char* map_;
};

/// A mutator for paths: components are put in and taken out; half of the time libFuzzer's own mutations come instead.
inline std::size_t mutate_path(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed,
                               const std::vector<std::string>& names) {
  std::minstd_rand random(seed);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() / 7) % n; };
  if (below(2)) return LLVMFuzzerMutate(data, size, max_size);
  std::string path = text_of(data, size);
  for (std::size_t times = 1 + below(3); times; --times) {
    const std::size_t at = std::min(path.find('/', below(path.size() + 1)), path.size());
    const std::size_t end = std::min(path.find('/', std::min(at + 1, path.size())), path.size());
    switch (below(4)) {
      case 0: path.erase(at, end - at); break;
      case 1: path.replace(at, end - at, "/" + names[below(names.size())]); break;
      default: path.insert(at, "/" + names[below(names.size())]);
    }
  }
  path.resize(std::min(path.size(), max_size));
  std::memcpy(data, path.data(), path.size());
  return path.size();
}

/// A mutator for inputs made of lines: they are moved, doubled, dropped and made anew from `templates`, and numbers in
/// them become others; now and then libFuzzer's own mutations come instead. In a template # stands for a number, @ for
/// one of `names`.
inline std::size_t mutate_lines(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed,
                                const std::vector<std::string>& templates, const std::vector<std::string>& names) {
  std::minstd_rand random(seed);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() / 7) % n; };
  const auto number = [&] {
    static const char* const known[] = {"0",
                                        "1",
                                        "2",
                                        "3",
                                        "4",
                                        "5",
                                        "7",
                                        "8",
                                        "16",
                                        "255",
                                        "256",
                                        "4095",
                                        "4096",
                                        "4097",
                                        "65535",
                                        "65536",
                                        "0x7fffffff",
                                        "0xffffffff",
                                        "0x7fffffffffffffff"};
    return below(3) ? std::string(known[below(below(2) ? 7 : std::size(known))]) : std::to_string(random() % 8192);
  };
  const auto fresh = [&] {
    std::string line;
    for (const char c : templates[below(templates.size())]) {
      if (c == '#')
        line += number();
      else if (c == '@')
        line += names[below(names.size())];
      else
        line += c;
    }
    return line;
  };
  if (below(4) == 0) return LLVMFuzzerMutate(data, size, max_size);

  std::vector<std::string> lines = split(text_of(data, size), '\n');
  for (std::size_t times = 1 + below(4); times; --times) {
    if (lines.empty()) lines.push_back(fresh());
    const std::size_t at = below(lines.size()), other = below(lines.size());
    switch (below(7)) {
      case 0: lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at)); break;
      case 1: lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), std::string(lines[other])); break;
      case 2: std::swap(lines[at], lines[other]); break;
      case 3: lines[at] = fresh(); break;
      case 4: {  // another word
        std::vector<std::string> words = split(lines[at], ' ');
        if (words.empty()) break;
        words[below(words.size())] = below(2) ? number() : names[below(names.size())];
        lines[at].clear();
        for (const std::string& word : words) lines[at] += (lines[at].empty() ? "" : " ") + word;
        break;
      }
      default: lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(below(lines.size() + 1)), fresh());
    }
  }
  std::string out;
  for (const std::string& line : lines) out += line + '\n';
  out.resize(std::min(out.size(), max_size));
  std::memcpy(data, out.data(), out.size());
  return out.size();
}

}  // namespace fuzz
