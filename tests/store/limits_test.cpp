// SPDX-License-Identifier: MIT
//
// A keeper that may have few descriptors: what does not fit is a file, and numbers come again without being mistaken.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "scratch_store.h"

namespace {

constexpr int limit = 128;

/// The keeper raises its limit to the hard one. It stays low: no test here needs more.
void lower_limit() {
  const struct rlimit low = {limit, limit};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
}

TEST(Limits, WhatDoesNotFitIsAFile) {
  lower_limit();
  const ScratchStore store;
  std::vector<std::string> memory, files;
  for (int i = 0; i < 2 * limit; ++i) {
    const std::string name = "n" + std::to_string(i);
    const Created made = store.create_patiently(name);
    ASSERT_GE(made.fd_or_error, 0) << name << strerror(-made.fd_or_error);
    dprintf(made.fd_or_error, "%s", name.c_str());
    close(made.fd_or_error);
    (made.file == Why::is_memory ? memory : files).push_back(name);
    EXPECT_TRUE(made.file == Why::is_memory || made.file == Why::keeper_full) << name;
  }
  EXPECT_GT(memory.size(), static_cast<std::size_t>(limit / 2));
  EXPECT_GT(files.size(), static_cast<std::size_t>(limit));
  EXPECT_EQ(store.generations(), 1) << "a new one would hold nothing";
  for (const auto* names : {&memory, &files})
    for (const std::string& name : *names) EXPECT_EQ(store.text_of(name), name);
  for (const auto* names : {&memory, &files})
    for (const std::string& name : *names) unlink(store.path(name).c_str());
  EXPECT_TRUE(store.comes_to_rest_with(0));
  const Created made = store.create_patiently("again");
  EXPECT_EQ(made.file, Why::is_memory);
  close(made.fd_or_error);
}

TEST(Limits, NumbersComeAgainInAnotherGeneration) {
  lower_limit();
  const ScratchStore store;
  close(store.create_patiently_with("first", "first"));
  const std::string first = std::filesystem::read_symlink(store.path("first"));
  const std::string number = first.substr(first.rfind('/'));
  bool came_again = false;
  for (int i = 0; i < 6 * limit; ++i) {
    const int fd = store.create_patiently_with("n", std::to_string(i));
    ASSERT_GE(fd, 0) << i;
    close(fd);
    ASSERT_EQ(store.text_of("n"), std::to_string(i));
    const std::string link = std::filesystem::read_symlink(store.path("n"));
    ASSERT_NE(link, first);
    // A client that has kept an old link's text gets no object with it.
    if (i == 0) std::filesystem::create_symlink(link, store.path("copied"));
    unlink(store.path("n").c_str());
    if (i > 0) {
      const std::string copied = std::filesystem::read_symlink(store.path("copied"));
      came_again |= link != copied && link.substr(link.rfind('/')) == copied.substr(copied.rfind('/'));
      if (i % 50 == 0) {
        EXPECT_EQ(store.open("copied").found, Found::stale) << i;
      }
    }
  }
  EXPECT_TRUE(came_again) << "so few numbers must have been used twice";
  EXPECT_EQ(store.text_of("first"), "first");
  ASSERT_TRUE(store.keeper_has_read_events());
  EXPECT_LE(store.generations(), 3) << "those without objects are removed";
}

}  // namespace
