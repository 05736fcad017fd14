// SPDX-License-Identifier: MIT
#include "../../../daemon/node_table.h"

#include <gtest/gtest.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <set>

#include "failing_sys.h"
#include "owners.h"

namespace devshmd {
namespace {

using failing_sys::Failing;

class Table : public testing::Test {
 protected:
  Node* file(Ino parent, const char* name, mode_t mode = 0644, Owner owner = alice) {
    return made(table.make(parent, name, {S_IFREG | mode, owner}));
  }
  Node* dir(Ino parent, const char* name, mode_t mode = 0755, Owner owner = alice) {
    return made(table.make(parent, name, {S_IFDIR | mode, owner}));
  }
  static Node* made(const Found& found) {
    EXPECT_EQ(found.error, 0);
    return found.node;
  }
  int make_error(Ino parent, const char* name) { return table.make(parent, name, {S_IFREG | 0600, alice}).error; }
  int lookup_error(Ino parent, std::string_view name) { return table.lookup(parent, name).error; }
  Node& root() { return *table.find(root_ino); }
  void age(Node& node) { node.accessed = node.modified = node.changed = {1, 0}; }
  static bool is_fresh(const timespec& time) { return time.tv_sec > 1; }

  struct LeakCheck {
    ~LeakCheck() { EXPECT_EQ(failing_sys::open_descriptors(), before) << "descriptors leaked"; }
    const int before = failing_sys::open_descriptors();
  } leak_check;  // before the table, so that it is asked after it
  Space space{Space::unlimited, 20, false};
  NodeTable table{space, {0, 0}, "/dev/shm"};
};

TEST_F(Table, RootIsAnEmptyStickyDirectory) {
  const struct stat root_stat = table.attributes(root());
  EXPECT_EQ(root_stat.st_ino, 1u);
  EXPECT_EQ(root_stat.st_mode, S_IFDIR | 01777u);
  EXPECT_EQ(root_stat.st_nlink, 2u);
  EXPECT_EQ(root_stat.st_size, 40);
  EXPECT_EQ(table.lookup(root_ino, "..").node, &root()) << "the root's parent is itself";
  EXPECT_EQ(table.lookup(root_ino, ".").node, &root());
}

TEST_F(Table, OwnerIsTheCaller) {
  const struct stat found = table.attributes(*file(root_ino, "a", 0640, bob));
  EXPECT_EQ(found.st_uid, bob.uid);
  EXPECT_EQ(found.st_gid, bob.gid);
  EXPECT_EQ(found.st_mode, S_IFREG | 0640u);
  EXPECT_EQ(found.st_nlink, 1u);
}

TEST_F(Table, ASetgidDirectoryHandsOnItsGroup) {
  dir(root_ino, "d", 02775, {1000, 77});
  const Ino parent = table.lookup(root_ino, "d").node->ino;
  EXPECT_EQ(file(parent, "f", 0644, bob)->owner.gid, 77u);
  const Node* below = dir(parent, "sub", 0755, bob);
  EXPECT_EQ(below->owner.gid, 77u);
  EXPECT_EQ(below->mode, S_IFDIR | 02755u) << "and the bit itself, to directories";
  EXPECT_EQ(file(root_ino, "f", 0644, bob)->owner.gid, bob.gid);
}

TEST_F(Table, DirectoriesCountTheirEntriesAsTmpfs) {
  Node* d = dir(root_ino, "d");
  EXPECT_EQ(root().links, 3u);
  file(d->ino, "f");
  dir(d->ino, "e");
  EXPECT_EQ(table.attributes(*d).st_size, 40 + 2 * 20);
  EXPECT_EQ(d->links, 3u);
  EXPECT_EQ(table.rmdir(root_ino, "d"), ENOTEMPTY);
  EXPECT_EQ(table.rmdir(d->ino, "e"), 0);
  EXPECT_EQ(table.unlink(d->ino, "f"), 0);
  EXPECT_EQ(d->links, 2u);
  EXPECT_EQ(table.attributes(*d).st_size, 40);
  EXPECT_EQ(table.rmdir(root_ino, "d"), 0);
  EXPECT_EQ(root().links, 2u);
}

TEST_F(Table, ErrnoValues) {
  Node* f = file(root_ino, "f");
  dir(root_ino, "d");
  EXPECT_EQ(lookup_error(root_ino, "x"), ENOENT);
  EXPECT_EQ(lookup_error(f->ino, "x"), ENOTDIR);
  EXPECT_EQ(lookup_error(999, "x"), ESTALE);
  EXPECT_EQ(make_error(root_ino, "f"), EEXIST);
  EXPECT_EQ(make_error(root_ino, "."), EEXIST);
  EXPECT_EQ(make_error(root_ino, ".."), EEXIST);
  EXPECT_EQ(table.unlink(root_ino, "d"), EISDIR);
  EXPECT_EQ(table.rmdir(root_ino, "f"), ENOTDIR);
  EXPECT_EQ(table.rmdir(root_ino, "."), EINVAL);
  EXPECT_EQ(table.link(*table.lookup(root_ino, "d").node, root_ino, "e"), EPERM);
  EXPECT_EQ(table.link(*f, root_ino, "d"), EEXIST);
}

TEST_F(Table, NamesOf255BytesAndNoLonger) {
  const std::string longest(255, 'n'), longer(256, 'n');
  Node* f = file(root_ino, longest.c_str());
  EXPECT_EQ(lookup_error(root_ino, longest), 0);
  EXPECT_EQ(lookup_error(root_ino, longer), ENAMETOOLONG);
  EXPECT_EQ(make_error(root_ino, longer.c_str()), ENAMETOOLONG);
  EXPECT_EQ(table.link(*f, root_ino, longer), ENAMETOOLONG);
  EXPECT_EQ(table.unlink(root_ino, longer), ENAMETOOLONG);
  EXPECT_EQ(table.rmdir(root_ino, longer), ENAMETOOLONG);
  EXPECT_EQ(table.rename(root_ino, longest, root_ino, longer, 0, alice), ENAMETOOLONG);
  EXPECT_EQ(table.rename(root_ino, longer, root_ino, "x", 0, alice), ENAMETOOLONG);
}

TEST_F(Table, AllNamesLeadToOneNode) {
  Node* f = file(root_ino, "temporary");
  EXPECT_EQ(table.link(*f, root_ino, "sem.x"), 0);
  EXPECT_EQ(f->links, 2u);
  EXPECT_EQ(table.unlink(root_ino, "temporary"), 0);
  EXPECT_EQ(table.lookup(root_ino, "sem.x").node, f);
  EXPECT_EQ(f->links, 1u);
  EXPECT_EQ(table.path(f->ino), "/dev/shm/sem.x") << "the path is that of the name that is left";
}

TEST_F(Table, ANodeStaysUntilTheKernelForgetsIt) {
  Node* f = file(root_ino, "f");
  const Ino ino = f->ino;
  table.remember(*f);
  table.remember(*f);
  EXPECT_EQ(table.unlink(root_ino, "f"), 0);
  ASSERT_EQ(table.find(ino), f);
  EXPECT_EQ(table.attributes(*f).st_nlink, 0u);
  EXPECT_EQ(table.path(ino), "/dev/shm/f (deleted)");
  EXPECT_EQ(table.link(*f, root_ino, "again"), ENOENT) << "once it is gone it is gone";
  table.forget(ino, 1);
  EXPECT_EQ(table.find(ino), f);
  table.forget(ino, 1);
  EXPECT_EQ(table.find(ino), nullptr);
}

TEST_F(Table, ForgettingDoesNotRemoveWhatHasAName) {
  Node* f = file(root_ino, "f");
  table.remember(*f);
  table.forget(f->ino, 1);
  EXPECT_EQ(table.lookup(root_ino, "f").node, f);
  table.forget(f->ino, 100);  // more than it can have: nonsense from outside must not underflow
  EXPECT_EQ(f->lookups, 0u);
  table.forget(root_ino, 1000);
  EXPECT_NE(table.find(root_ino), nullptr);
  table.forget(4711, 1);
}

TEST_F(Table, NumbersAreNeverUsedAgain) {
  std::set<Ino> seen;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(seen.insert(file(root_ino, "f")->ino).second);
    EXPECT_EQ(table.unlink(root_ino, "f"), 0);
  }
}

TEST_F(Table, NothingIsMadeInARemovedDirectory) {
  Node* d = dir(root_ino, "d");
  table.remember(*d);
  EXPECT_EQ(table.rmdir(root_ino, "d"), 0);
  EXPECT_EQ(d->links, 0u);
  Node* f = file(root_ino, "f");
  EXPECT_EQ(make_error(d->ino, "x"), ENOENT);
  EXPECT_EQ(table.make_unnamed(d->ino, {S_IFREG | 0600, alice}).error, ENOENT);
  EXPECT_EQ(table.link(*f, d->ino, "x"), ENOENT);
  EXPECT_EQ(table.rename(root_ino, "f", d->ino, "x", 0, alice), ENOENT);
}

TEST_F(Table, AnUnnamedFileCanGetAName) {
  const Found made = table.make_unnamed(root_ino, {S_IFREG | 0600, alice});
  ASSERT_EQ(made.error, 0);
  table.remember(*made.node);
  EXPECT_EQ(made.node->links, 0u);
  EXPECT_EQ(root().directory->size(), 0u);
  EXPECT_EQ(table.link(*made.node, root_ino, "named"), 0);
  EXPECT_EQ(made.node->links, 1u);
  EXPECT_EQ(table.path(made.node->ino), "/dev/shm/named");
  table.forget(made.node->ino, 1);
  EXPECT_EQ(table.lookup(root_ino, "named").node, made.node);
}

TEST_F(Table, AnUnnamedFileGoesWithItsLastUser) {
  const Found made = table.make_unnamed(root_ino, {S_IFREG | 0600, alice});
  const Ino ino = made.node->ino;
  table.remember(*made.node);
  table.forget(ino, 1);
  EXPECT_EQ(table.find(ino), nullptr);
}

TEST_F(Table, TimesOfANewName) {
  age(root());
  Node* f = file(root_ino, "f");
  EXPECT_TRUE(is_fresh(root().modified) && is_fresh(root().changed));
  EXPECT_FALSE(is_fresh(root().accessed));
  age(root()), age(*f);
  table.link(*f, root_ino, "g");
  EXPECT_TRUE(is_fresh(f->changed) && is_fresh(root().modified));
  EXPECT_FALSE(is_fresh(f->modified));
  age(root()), age(*f);
  table.unlink(root_ino, "g");
  EXPECT_TRUE(is_fresh(f->changed) && is_fresh(root().modified) && is_fresh(root().changed));
}

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

TEST_F(Table, SymbolicLinks) {
  Node* link = made(table.make(root_ino, "l", {S_IFLNK | 0777, alice, 0, "target"}));
  EXPECT_EQ(table.attributes(*link).st_size, 6);
  EXPECT_EQ(table.attributes(*link).st_blocks, 0);
  const std::string far(1000, 't');
  link = made(table.make(root_ino, "far", {S_IFLNK | 0777, alice, 0, far}));
  EXPECT_EQ(link->target, far);
  EXPECT_EQ(table.attributes(*link).st_blocks, 8) << "a long text takes a page, as on tmpfs";
  EXPECT_EQ(space.pages_used(), 1u);
  EXPECT_EQ(table.unlink(root_ino, "far"), 0);
  EXPECT_EQ(space.pages_used(), 0u);
}

TEST_F(Table, DeviceNumbersAndTypesStay) {
  Node* fifo = made(table.make(root_ino, "p", {S_IFIFO | 0600, alice}));
  EXPECT_TRUE(S_ISFIFO(table.attributes(*fifo).st_mode));
  Node* device = made(table.make(root_ino, "c", {S_IFCHR | 0600, alice, makedev(1, 3)}));
  EXPECT_EQ(table.attributes(*device).st_rdev, makedev(1, 3));
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

TEST_F(Table, Paths) {
  Node* d = dir(root_ino, "d");
  Node* f = file(d->ino, "f");
  EXPECT_EQ(table.path(root_ino), "/dev/shm");
  EXPECT_EQ(table.path(f->ino), "/dev/shm/d/f");
  EXPECT_EQ(table.path(d->ino, "new"), "/dev/shm/d/new");
  EXPECT_EQ(table.path(4711), "/dev/shm/?");
}

}  // namespace
}  // namespace devshmd
