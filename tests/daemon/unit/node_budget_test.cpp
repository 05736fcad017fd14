// SPDX-License-Identifier: MIT
//
// What nodes and their extended attributes take of the room for nodes.
#include <sys/xattr.h>

#include "table.h"

namespace devshmd {
namespace {

using failing_sys::Failing;

TEST_F(Table, TheInodeBudgetIsKept) {
  // 20, of which the root is one.
  for (int i = 0; i < 19; ++i) EXPECT_EQ(make_error(root_ino, std::to_string(i).c_str()), 0);
  EXPECT_EQ(space.inodes_left(), 0u);
  EXPECT_EQ(make_error(root_ino, "one more"), ENOSPC);
  EXPECT_EQ(table.make_unnamed(root_ino, {S_IFREG | 0600, alice}).error, ENOSPC);
  Node* f = table.lookup(root_ino, "0").node;
  EXPECT_EQ(table.link(*f, root_ino, "link"), ENOSPC) << "a name takes memory too";
  EXPECT_EQ(table.set_attribute(*f, "user.x", "y", 0), ENOSPC);
  EXPECT_EQ(table.unlink(root_ino, "1"), 0);
  EXPECT_EQ(space.inodes_left(), 1u);
  EXPECT_EQ(table.link(*f, root_ino, "link"), 0);
  EXPECT_EQ(space.inodes_left(), 0u);
  EXPECT_EQ(table.unlink(root_ino, "link"), 0);
  EXPECT_EQ(table.unlink(root_ino, "0"), 0);
  EXPECT_EQ(space.inodes_left(), 2u);
}

TEST_F(Table, NoDescriptorsLeftIsNoRoom) {
  Node* f = file(root_ino, "f");
  for (const int error : {EMFILE, ENFILE}) {
    const Failing failing("memfd_create", error);
    EXPECT_EQ(f->file->give_descriptor(), ENOSPC);
  }
  const Failing failing("memfd_create", ENOMEM);
  EXPECT_EQ(f->file->write("x", 1, 5000), -ENOMEM);
  EXPECT_EQ(table.attributes(*f).st_size, 0) << "no half of it is left";
  EXPECT_EQ(f->file->write("x", 1, 5000), 1);
}

TEST_F(Table, ExtendedAttributes) {
  Node* f = file(root_ino, "f");
  EXPECT_EQ(table.set_attribute(*f, "user.a", "1", XATTR_REPLACE), ENODATA);
  EXPECT_EQ(table.set_attribute(*f, "user.a", "1", XATTR_CREATE), 0);
  EXPECT_EQ(table.set_attribute(*f, "user.a", "2", XATTR_CREATE), EEXIST);
  EXPECT_EQ(table.set_attribute(*f, "user.a", "", XATTR_REPLACE), 0);
  EXPECT_EQ(f->attributes.at("user.a"), "");
  EXPECT_EQ(table.set_attribute(*f, "trusted.t", "x", 0), 0);
  EXPECT_EQ(table.set_attribute(*f, "security.s", "x", 0), 0);
  for (const char* name : {"system.posix_acl_access", "nonsense", "other.x"})
    EXPECT_EQ(table.set_attribute(*f, name, "x", 0), EOPNOTSUPP) << name;
  for (const char* name : {"user.", "trusted.", "security."})
    EXPECT_EQ(table.set_attribute(*f, name, "x", 0), EINVAL) << name;
  EXPECT_EQ(table.set_attribute(*f, "user.big", std::string(65537, 'x'), 0), E2BIG);
  EXPECT_EQ(table.remove_attribute(*f, "user.a"), 0);
  EXPECT_EQ(table.remove_attribute(*f, "user.a"), ENODATA);
  EXPECT_EQ(table.remove_attribute(*f, "system.x"), EOPNOTSUPP);
}

TEST_F(Table, ExtendedAttributesDrawOnTheBudget) {
  Node* f = file(root_ino, "f");
  const std::uint64_t left = space.inodes_left();
  EXPECT_EQ(table.set_attribute(*f, "user.big", std::string(30000, 'x'), 0), ENOSPC);
  EXPECT_EQ(table.set_attribute(*f, "user.a", std::string(2000, 'x'), 0), 0);
  EXPECT_LT(space.inodes_left(), left);
  EXPECT_EQ(table.set_attribute(*f, "user.a", "small", 0), 0);
  EXPECT_EQ(table.set_attribute(*f, "user.b", std::string(2000, 'x'), 0), 0);
  EXPECT_EQ(table.unlink(root_ino, "f"), 0);
  EXPECT_EQ(space.inodes_left(), 19u) << "everything comes back";
}

}  // namespace
}  // namespace devshmd
