// SPDX-License-Identifier: MIT
//
// What the unit tests share: a directory of their own, child processes, and private mounts.
//
// devshm reads its settings once in a process and remembers what it has found, so a test of anything that depends on
// them runs in a child of its own.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace support {

/// An empty directory that goes away, with all that is in it, at the end.
class ScratchDir {
 public:
  ScratchDir();
  ~ScratchDir();
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// DEVSHM_* variables.
using Environment = std::vector<std::pair<const char*, std::string>>;

/// Runs `work` in a child process, whose DEVSHM_* variables are `environment` and no others. Expectations that fail in
/// it fail the test. Returns what the child wrote to standard error.
std::string in_child(const Environment& environment, const std::function<void()>& work);

/// The same with standard error empty, as it has to be when nothing is wrong.
void in_silent_child(const Environment& environment, const std::function<void()>& work);

/// In a child: mounts made from now on are its own. False if that is refused.
bool enter_private_mounts();
/// In a child with private mounts: `dir` takes the place of /tmp.
bool bind_over_tmp(const std::string& dir);
/// In a child with private mounts: the machine's own /dev/shm, where it has one, can't be written to.
void protect_dev_shm();
/// In a child: goes on as a user without rights, whose id is `nobody`.
void become_nobody();
inline constexpr unsigned nobody = 65534;

/// Why something can't be done here; empty if it can.
std::string lacks_private_mounts();
std::string lacks_other_users();

void write_file(const std::string& path, const std::string& text = "");
std::vector<std::string> names_in(const std::string& dir);

}  // namespace support

/// Leaves the test, as skipped, where `reason` is not empty. With DEVSHM_MUST_WORK set, as in our own CI, where
/// everything is known to work, that is a failure.
#define NEEDS(reason)                                         \
  do {                                                        \
    if (const std::string lack_ = (reason); !lack_.empty()) { \
      if (std::getenv("DEVSHM_MUST_WORK")) FAIL() << lack_;   \
      GTEST_SKIP() << lack_;                                  \
    }                                                         \
  } while (false)
