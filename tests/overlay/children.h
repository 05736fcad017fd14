// SPDX-License-Identifier: MIT
//
// Running the child program in all the ways there are, and reading what it says.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "backing.h"

/// What the child said.
struct Said {
  std::string text;
  int status = 0;

  bool has(const std::string& line) const { return ("\n" + text).find("\n" + line + "\n") != std::string::npos; }
  /// The value of a variable it has, or "(none)".
  std::string value(const std::string& name) const {
    const std::string all = "\n" + text;
    const std::size_t at = all.find("\n" + name + "=");
    if (at == std::string::npos) return "(none)";
    const std::size_t begin = at + name.size() + 2;
    return all.substr(begin, all.find('\n', begin) - begin);
  }
};

inline std::string read_all(int fd) {
  std::string text;
  char part[4096];
  for (ssize_t got; (got = read(fd, part, sizeof part)) > 0;) text.append(part, static_cast<std::size_t>(got));
  return text;
}

/// Runs `action` in a forked process; what is written to standard output there, by it or by what it executes.
inline Said listen_to(const std::function<void()>& action) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], 1);
    close(ends[0]);
    close(ends[1]);
    action();
    _exit(99);
  }
  close(ends[1]);
  Said said;
  said.text = read_all(ends[0]);
  close(ends[0]);
  waitpid(pid, &said.status, 0);
  return said;
}

/// A file in the overlay, made through the wrappers.
inline void make_file(const std::string& path, const std::string& content = "", mode_t mode = 0644) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, mode);
  ASSERT_GE(fd, 0) << path;
  ASSERT_EQ(write(fd, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  fchmod(fd, mode);
  close(fd);
}

inline std::string content_of(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY);
  const std::string text = read_all(fd);
  close(fd);
  return text;
}

/// For all tests here: the marker that shows the overlay, and the library and settings we run with.
class Children : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* const preload = getenv("LD_PRELOAD");
    // Else all this would happen in the machine's own /dev/shm.
    if (!getenv("DEVSHM_DIR") || (!is_native() && (!preload || !strstr(preload, "libdevshm")))) {
      fputs("run by meson test: LD_PRELOAD and DEVSHM_DIR have to be set\n", stderr);
      abort();
    }
    library = preload ? preload : "(none)";
    dir = backing();
    make_file("/dev/shm/marker");
  }
  static void TearDownTestSuite() { unlink("/dev/shm/marker"); }

  static void expect_overlay(const Said& said) {
    EXPECT_TRUE(said.has("overlay=yes")) << said.text;
    if (is_native()) return;
    EXPECT_EQ(said.value("LD_PRELOAD"), library);
    EXPECT_EQ(said.value("DEVSHM_DIR"), dir);
  }

  static inline std::string library, dir;
  static inline char program[] = CHILD;
  static inline char argument[] = "one";
  static inline char* arguments[] = {program, argument, nullptr};
  static inline char other[] = "T_OTHER=1";
  static inline char* replaced[] = {other, nullptr};
  static inline char* empty[] = {nullptr};
};
