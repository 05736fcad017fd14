// SPDX-License-Identifier: MIT
// Small contents that are moved to a file of their own, when the kernel says no.
#include "../../../daemon/memory_file.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "failing_sys.h"

namespace devshmd {
namespace {

using failing_sys::Failing;

/// "text", and zeros up to 100 bytes.
class Moved : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(file_.write("text", 4, 0), 4);
    ASSERT_EQ(file_.truncate(100), 0);
  }
  std::string text() const {
    std::string all(200, 'x');
    all.resize(static_cast<std::size_t>(file_.read(all.data(), all.size(), 0)));
    return all;
  }

  MemoryFile file_{-1};
  const std::string expected_ = "text" + std::string(96, '\0');
};

TEST_F(Moved, AreTheSame) {
  EXPECT_EQ(file_.give_descriptor(), 0);
  EXPECT_GE(file_.fd(), 0);
  EXPECT_EQ(text(), expected_);
}

TEST_F(Moved, StayWhereTheyAreIfThatFails) {
  const int before = failing_sys::open_descriptors();
  for (const char* call : {"memfd_create", "pwrite", "ftruncate"}) {
    const Failing failing(call, ENOSPC);
    EXPECT_EQ(file_.give_descriptor(), ENOSPC) << call;
    EXPECT_EQ(file_.fd(), -1) << call;
    EXPECT_EQ(text(), expected_) << call;
  }
  EXPECT_EQ(failing_sys::open_descriptors(), before);
}

}  // namespace
}  // namespace devshmd
