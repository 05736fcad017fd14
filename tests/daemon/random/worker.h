// SPDX-License-Identifier: MIT
// One process of the random operations: each step is one, and is verified against what the process remembers. The same
// seed and number give the same steps, so a step draws the same numbers whatever the file system answers.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

constexpr std::size_t page = 4096, largest = 64 * page;
constexpr int shared_pages = 64;
using Bytes = std::vector<unsigned char>;

/// What a process remembers of a file. It is open for as long as it is remembered, and perhaps mapped.
struct File {
  Bytes content;
  int fd = -1;
  int links = 0;
  unsigned char* mapped = nullptr;
  ~File() {
    if (mapped) munmap(mapped, largest);
    if (fd >= 0) close(fd);
  }
};
using Held = std::shared_ptr<File>;

/// Works in the current directory, and on ../shared, in which every `of`th page is its own; `shared_model` has what has
/// to be in that file. Whatever is not as expected ends the process, with a message and status 1.
class Worker {
 public:
  Worker(std::uint64_t seed, int number, int of, unsigned char* shared_model);
  void run(int rounds);

 private:
  void step();

  // names.cpp
  void create();
  void make_unnamed();
  void remove();
  void add_name(const Held& file);
  void rename();

  // contents.cpp
  void write(File& file);
  void read(File& file);
  void truncate(File& file);
  void allocate(File& file);
  void copy(File& to);

  // mappings.cpp
  void map(File& file);
  void store(File& file);
  void sync(File& file);
  void reopen(File& file);
  /// Another process stores and writes into the file. This one sees it.
  void in_a_child(File& file);
  void verify(File& expected, int fd, std::size_t at, unsigned char byte);
  /// The file that all share: a page that is this process's own, between those of others.
  void on_shared();

  [[noreturn]] void wrong(const char* how, long at = -1) const;
  void expect(bool holds, const char* how, long at = -1) const {
    if (!holds) wrong(how, at);
  }
  std::size_t below(std::size_t limit) { return limit ? chance_() % limit : 0; }
  std::string name() { return "n" + std::to_string(below(10)); }
  Bytes bytes(std::size_t size);
  /// Any file that is remembered; nothing if none is.
  Held any();
  /// A name less: the file is forgotten by and by, after it has been used without one.
  void lost(const Held& file);
  void grow(File& file, std::size_t size) const {
    if (size > file.content.size()) file.content.resize(size);
  }
  void verify(File& file);
  void compare(const unsigned char* got, const File& file) const;

  const std::uint64_t seed_;
  const int number_, of_;
  int round_ = 0, shared_;
  const char* what_ = "the start";
  std::mt19937_64 chance_;
  unsigned char* shared_model_;
  std::map<std::string, Held> names_;
  std::vector<Held> nameless_;
};
