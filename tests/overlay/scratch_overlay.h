// SPDX-License-Identifier: MIT
//
// Tests that run under devshm and look at the overlay with the program's eyes, over each kind of backing directory.
// Without devshm they fail before they write anything, so the machine's own /dev/shm is never touched.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace scratch {

/// The backing directory in the kernel's own name, for a look behind the scenes.
const std::string& backing();

void write_file(const std::string& path, const std::string& text = "");
std::string read_file(const std::string& path);

/// Each test finds the overlay empty, and the working directory is put back in the end.
class Overlay : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
};

}  // namespace scratch
