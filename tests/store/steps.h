// SPDX-License-Identifier: MIT
//
// Steps of a test that run in other processes, whose results gtest does not see.
#pragma once

#include <errno.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch_store.h"
#include "surroundings.h"

/// Steps that must all be true. Names the first that is not, in whatever process that is.
#define EXPECTING(condition)                                                               \
  do {                                                                                     \
    if (!(condition)) {                                                                    \
      dprintf(2, "%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno); \
      return 1;                                                                            \
    }                                                                                      \
  } while (false)

inline bool creates_memory(const ScratchStore& store, const std::string& name, mode_t mode = 0600) {
  const Created made = store.create_patiently(name, mode);
  if (made.fd_or_error < 0 || made.file != Why::is_memory) {
    dprintf(2, "creating %s: %d, why a file: %d\n", name.c_str(), made.fd_or_error, static_cast<int>(made.file));
    return false;
  }
  const bool written = write(made.fd_or_error, name.data(), name.size()) == static_cast<ssize_t>(name.size());
  close(made.fd_or_error);
  return written && store.text_of(name) == name;
}

inline bool creates_a_file(const ScratchStore& store, const std::string& name) {
  const Created made = store.create(name, exclusively);
  close(made.fd_or_error);
  return made.fd_or_error >= 0 && made.file != Why::is_memory;
}

inline bool has_ended(pid_t child, int expected) {
  int status;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == expected;
}

inline pid_t child_that_returns(int status) {
  const pid_t child = fork();
  if (child == 0) _exit(status);
  return child;
}

inline constexpr uid_t first_user = 4101, second_user = 4102;

/// A store for several users.
class StoreOfUsers : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, for namespaces and other users";
  }
  void TearDown() override {
    for (const uid_t id : {first_user, second_user, uid_t{0}}) ScratchStore::kill_keepers_of(root_of(id));
  }
  std::string root_of(uid_t id) const {
    const std::string number = std::to_string(id);
    return store.dir().substr(0, store.dir().rfind('/')) + "/.shm.memory." + number + "." + number;
  }
  ScratchStore store;
};
