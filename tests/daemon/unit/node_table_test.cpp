// SPDX-License-Identifier: MIT
//
// Names, links and numbers of nodes.
#include <sys/sysmacros.h>

#include <set>

#include "table.h"

namespace devshmd {
namespace {

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

TEST_F(Table, SymbolicLinks) {
  Node* link = made(table.make(root_ino, "l", {S_IFLNK | 0777, alice, 0, "target"}));
  EXPECT_EQ(table.attributes(*link).st_size, 6);
  EXPECT_EQ(table.attributes(*link).st_blocks, 0);
  const std::string far(1000, 't');
  link = made(table.make(root_ino, "far", {S_IFLNK | 0777, alice, 0, far}));
  EXPECT_EQ(link->target, far);
  EXPECT_EQ(table.attributes(*link).st_blocks, 8) << "a long text takes a page, as on tmpfs";
  EXPECT_EQ(space.pages_used(), 1u);
  EXPECT_EQ(space.pages_charged(), 1u);
  EXPECT_EQ(table.unlink(root_ino, "far"), 0);
  EXPECT_EQ(space.pages_used(), 0u);
  EXPECT_EQ(space.pages_charged(), 0u);
}

TEST_F(Table, DeviceNumbersAndTypesStay) {
  Node* fifo = made(table.make(root_ino, "p", {S_IFIFO | 0600, alice}));
  EXPECT_TRUE(S_ISFIFO(table.attributes(*fifo).st_mode));
  Node* device = made(table.make(root_ino, "c", {S_IFCHR | 0600, alice, makedev(1, 3)}));
  EXPECT_EQ(table.attributes(*device).st_rdev, makedev(1, 3));
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
