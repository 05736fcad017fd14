// SPDX-License-Identifier: MIT
//
// The parity tests: every wrapped function is called for real, in all the ways a path can be given, and each call
// prints one line with its result, errno, and what is on disk afterwards:
//
//   open("/dev/shm/f", O_CREAT | O_RDWR, 0640): fd /dev/shm/f regular 0644 5 bytes
//
// functions_test.py compares these lines between a real tmpfs and the overlay. So nothing is printed that differs
// between two file systems of the same behaviour: no inode numbers, times, addresses, sizes of directories.
//
// A family of functions is one file. A call is written down once, with the words `path` and `dir` where they go:
//
//   EACH_PATH(fd, open, path, O_CREAT | O_RDWR, 0640);
//   EACH_AT(fd, openat, dir, path, O_RDONLY);
//
// The first argument turns the call's result into text.
#pragma once

#include <fcntl.h>

#include <functional>
#include <string>
#include <vector>

#include "ground.h"

namespace parity {

/// One way to name a file.
struct Place {
  enum Text { given, null };
  std::string label;      // the path as it is printed
  std::string text;       // the path
  std::string cwd = "/";  // the working directory for the call
  std::string dir{};      // the directory that the dirfd is of, "-1", or empty for AT_FDCWD
  Text kind = given;

  const char* path() const { return kind == null ? nullptr : text.c_str(); }
};

/// The ways to name a file without a descriptor, and with one.
const std::vector<Place>& plain_places();
const std::vector<Place>& at_places();
/// Two files in one call, the sensible combinations.
struct Pair {
  Place from, to;
};
const std::vector<Pair>& plain_pairs();
const std::vector<Pair>& at_pairs();

using Call = std::function<std::string()>;
using PathCall = std::function<std::string(const char* path)>;
using AtCall = std::function<std::string(int dir, const char* path)>;
using PairCall = std::function<std::string(const char* path, const char* other)>;
using AtPairCall = std::function<std::string(int dir, const char* path, int other_dir, const char* other)>;

/// Each of these makes calls and prints a line for each. `arguments` is the source text of the arguments: the words
/// path, dir, other and other_dir in it stand for the case.
void once(const char* function, const std::string& arguments, const Call& call);
void each_path(const char* function, const char* arguments, const PathCall& call);
void each_path_of(const std::vector<Place>& places, const char* function, const char* arguments, const PathCall& call);
void each_at(const char* function, const char* arguments, const AtCall& call);
void each_at_of(const std::vector<Place>& places, const char* function, const char* arguments, const AtCall& call);
void each_pair(const char* function, const char* arguments, const PairCall& call);
void each_pair_at(const char* function, const char* arguments, const AtPairCall& call);

// A call's result as text, with errno: the first argument of the macros below.
std::string number(long result);
/// A descriptor: what it is open for. Closes it.
std::string fd(int result);
/// A pointer: null or set.
std::string pointer(const void* result);
/// A string that is to be freed, or null.
std::string owned_text(char* result);
/// A string that is not, or null.
std::string text(const char* result);

/// errno before each call. A call that succeeds should leave it.
constexpr int errno_before = 4000;

// NOLINTBEGIN: macros, to have the call both as code and as text
#define ONCE(show, function, ...) ::parity::once(#function, #__VA_ARGS__, [&] { return show(function(__VA_ARGS__)); })
#define EACH_PATH(show, function, ...) \
  ::parity::each_path(#function, #__VA_ARGS__, [&](const char* path) { return show(function(__VA_ARGS__)); })
#define EACH_PATH_OF(places, show, function, ...) \
  ::parity::each_path_of(places, #function, #__VA_ARGS__, [&](const char* path) { return show(function(__VA_ARGS__)); })
#define EACH_AT(show, function, ...) \
  ::parity::each_at(#function, #__VA_ARGS__, [&](int dir, const char* path) { return show(function(__VA_ARGS__)); })
#define EACH_PAIR(show, function, ...)         \
  ::parity::each_pair(#function, #__VA_ARGS__, \
                      [&](const char* path, const char* other) { return show(function(__VA_ARGS__)); })
#define EACH_PAIR_AT(show, function, ...)                                                                            \
  ::parity::each_pair_at(#function, #__VA_ARGS__, [&](int dir, const char* path, int other_dir, const char* other) { \
    return show(function(__VA_ARGS__));                                                                              \
  })
// NOLINTEND

/// A family of functions, which runs in a process of its own.
struct Family {
  const char* name;
  void (*run)();
  Family* next;
  Family(const char* family, void (*function)());
};
#define FAMILY(name)                                        \
  static void run_##name();                                 \
  static ::parity::Family family_##name(#name, run_##name); \
  static void run_##name()

}  // namespace parity
