// SPDX-License-Identifier: MIT
//
// For the tests of walks and patterns: a tree in the overlay.
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "scratch_overlay.h"

namespace {

using Names = std::vector<std::string>;
using scratch::write_file;

class WalkTest : public scratch::Overlay {
 protected:
  void SetUp() override {
    Overlay::SetUp();
    if (HasFatalFailure()) return;
    mkdir("/dev/shm/d", 0700);
    mkdir("/dev/shm/d/e", 0700);
    write_file("/dev/shm/a.x");
    write_file("/dev/shm/b.x");
    write_file("/dev/shm/d/c.x");
    write_file("/dev/shm/d/e/f");
  }
};

}  // namespace
