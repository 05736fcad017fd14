// SPDX-License-Identifier: MIT
#include "../../../daemon/policy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <set>

namespace devshmd {
namespace {

std::set<std::string> refused_with(Mode mode, int error) {
  std::set<std::string> names;
  for (int i = 0; i < static_cast<int>(operation_count); ++i) {
    const auto operation = static_cast<Operation>(i);
    if (refusal(mode, {operation}) == error) names.insert(name_of(operation));
  }
  return names;
}

using OperationNames = std::set<std::string>;
const OperationNames room{"mknod", "mkdir", "symlink", "link", "create", "tmpfile", "write", "fallocate", "setxattr"};
constexpr std::size_t all = operation_count;

TEST(Policy, ServeRefusesNothing) { EXPECT_EQ(refused_with(Mode::serve, 0).size(), all); }

TEST(Policy, HiddenHasNothingAtAll) {
  EXPECT_EQ(refused_with(Mode::hidden, ENOENT).size(), all);
  EXPECT_EQ(refusal(Mode::hidden, {Operation::access, F_OK}), ENOENT) << "the root neither";
}

TEST(Policy, DeniedShowsItselfAndNothingElse) {
  // `access` for existence alone, too.
  EXPECT_EQ(refused_with(Mode::denied, 0), (OperationNames{"getattr", "statfs", "access"}));
  EXPECT_EQ(refused_with(Mode::denied, EACCES).size(), all - 3);
  for (const int access : {R_OK, W_OK, X_OK}) EXPECT_EQ(refusal(Mode::denied, {Operation::access, access}), EACCES);
}

TEST(Policy, FullRefusesWhatTakesRoom) {
  EXPECT_EQ(refused_with(Mode::full, ENOSPC), room);
  EXPECT_EQ(refused_with(Mode::full, 0).size(), all - room.size());
}

TEST(Policy, ReadonlyRefusesWhatChanges) {
  OperationNames changes = room;
  changes.insert({"setattr", "unlink", "rmdir", "rename", "removexattr"});
  EXPECT_EQ(refused_with(Mode::readonly, EROFS), changes);
  EXPECT_EQ(refusal(Mode::readonly, {Operation::access, W_OK}), EROFS);
  EXPECT_EQ(refusal(Mode::readonly, {Operation::access, R_OK | X_OK}), 0);
}

TEST(Policy, WhereFilesAreServedTheKernelChecks) {
  EXPECT_TRUE(kernel_checks_permissions(Mode::serve));
  EXPECT_TRUE(kernel_checks_permissions(Mode::full));
  for (const Mode mode : {Mode::hidden, Mode::denied, Mode::readonly}) EXPECT_FALSE(kernel_checks_permissions(mode));
}

TEST(Policy, NamesGoBothWays) {
  for (const Mode mode : {Mode::serve, Mode::hidden, Mode::denied, Mode::full, Mode::readonly})
    EXPECT_EQ(mode_named(name_of(mode)), mode);
  EXPECT_EQ(mode_named("Serve"), std::nullopt);
  EXPECT_EQ(mode_named(""), std::nullopt);
}

}  // namespace
}  // namespace devshmd
