// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gtest/gtest.h>

#include "../../../daemon/node_table.h"
#include "failing_memory.h"
#include "owners.h"

namespace devshmd {
namespace {

class Rename : public testing::Test {
 protected:
  Rename() {
    a = make(root_ino, "a", S_IFDIR);
    b = make(root_ino, "b", S_IFDIR);
    f = make(a->ino, "f", S_IFREG);
    g = make(b->ino, "g", S_IFREG);
    sub = make(a->ino, "sub", S_IFDIR);
  }
  Node* make(Ino parent, const char* name, mode_t type) {
    const Found made = table.make(parent, name, {type | 0755, alice});
    EXPECT_EQ(made.error, 0);
    return made.node;
  }
  int rename(Node* from, const char* name, Node* to, const char* new_name, unsigned flags = 0) {
    return table.rename(from->ino, name, to->ino, new_name, flags, alice);
  }
  Node* at(Node* parent, const char* name) { return table.lookup(parent->ino, name).node; }

  Space space{Space::unlimited, 100, false};
  NodeTable table{space, {0, 0}, "/m"};
  Node *root = table.find(root_ino), *a, *b, *f, *g, *sub;
};

TEST_F(Rename, MovesAFile) {
  a->modified = b->modified = f->changed = {1, 0};
  EXPECT_EQ(rename(a, "f", b, "new"), 0);
  EXPECT_EQ(at(a, "f"), nullptr);
  EXPECT_EQ(at(b, "new"), f);
  EXPECT_EQ(table.path(f->ino), "/m/b/new");
  EXPECT_GT(a->modified.tv_sec, 1);
  EXPECT_GT(b->modified.tv_sec, 1);
  EXPECT_GT(f->changed.tv_sec, 1);
}

TEST_F(Rename, ReplacesAFile) {
  table.remember(*g);
  EXPECT_EQ(rename(a, "f", b, "g"), 0);
  EXPECT_EQ(at(b, "g"), f);
  EXPECT_EQ(g->links, 0u) << "and who has it open keeps it";
  EXPECT_EQ(b->directory->size(), 1u);
}

TEST_F(Rename, MovesADirectoryWithItsLinks) {
  EXPECT_EQ(a->links, 3u);
  EXPECT_EQ(rename(a, "sub", b, "moved"), 0);
  EXPECT_EQ(a->links, 2u);
  EXPECT_EQ(b->links, 3u);
  EXPECT_EQ(at(sub, ".."), b);
  EXPECT_EQ(rename(b, "moved", b, "again"), 0);
  EXPECT_EQ(b->links, 3u);
}

TEST_F(Rename, ReplacesAnEmptyDirectory) {
  Node* empty = make(b->ino, "empty", S_IFDIR);
  table.remember(*empty);
  EXPECT_EQ(rename(a, "sub", b, "empty"), 0);
  EXPECT_EQ(empty->links, 0u);
  EXPECT_EQ(b->links, 3u);
  EXPECT_EQ(at(b, "empty"), sub);
}

TEST_F(Rename, Refusals) {
  make(sub->ino, "x", S_IFREG);
  EXPECT_EQ(rename(a, "nothing", b, "x"), ENOENT);
  EXPECT_EQ(rename(a, "f", a, "sub"), EISDIR);
  EXPECT_EQ(rename(a, "sub", a, "f"), ENOTDIR);
  EXPECT_EQ(rename(root, "b", a, "sub"), ENOTEMPTY);
  EXPECT_EQ(rename(root, "a", sub, "in itself"), EINVAL);
  EXPECT_EQ(rename(a, ".", b, "x"), EBUSY);
  EXPECT_EQ(rename(a, "f", b, ".."), EBUSY);
  EXPECT_EQ(rename(a, "f", b, "x", 1u << 7), EINVAL);
  EXPECT_EQ(rename(a, "f", b, "g", RENAME_EXCHANGE | RENAME_NOREPLACE), EINVAL);
  EXPECT_EQ(rename(a, "f", b, "g", RENAME_EXCHANGE | RENAME_WHITEOUT), EINVAL);
  EXPECT_EQ(at(a, "f"), f);
  EXPECT_EQ(at(b, "g"), g);
}

TEST_F(Rename, TwoNamesOfOneObjectBothStay) {
  EXPECT_EQ(table.link(*f, b->ino, "f2"), 0);
  EXPECT_EQ(rename(a, "f", b, "f2"), 0);
  EXPECT_EQ(at(a, "f"), f);
  EXPECT_EQ(at(b, "f2"), f);
  EXPECT_EQ(f->links, 2u);
}

TEST_F(Rename, NoReplace) {
  EXPECT_EQ(rename(a, "f", b, "g", RENAME_NOREPLACE), EEXIST);
  EXPECT_EQ(rename(a, "f", b, "new", RENAME_NOREPLACE), 0);
  EXPECT_EQ(at(b, "new"), f);
}

TEST_F(Rename, Exchange) {
  EXPECT_EQ(rename(a, "f", b, "nothing", RENAME_EXCHANGE), ENOENT);
  EXPECT_EQ(rename(a, "f", b, "g", RENAME_EXCHANGE), 0);
  EXPECT_EQ(at(a, "f"), g);
  EXPECT_EQ(at(b, "g"), f);
  EXPECT_EQ(table.path(f->ino), "/m/b/g");
  EXPECT_EQ(table.path(g->ino), "/m/a/f");
}

TEST_F(Rename, ExchangeOfAFileWithADirectory) {
  EXPECT_EQ(rename(a, "sub", b, "g", RENAME_EXCHANGE), 0);
  EXPECT_EQ(a->links, 2u);
  EXPECT_EQ(b->links, 3u);
  EXPECT_EQ(at(sub, ".."), b);
  EXPECT_EQ(rename(a, "sub", b, "g", RENAME_EXCHANGE), 0);
  EXPECT_EQ(a->links, 3u);
  EXPECT_EQ(at(sub, ".."), a);
}

TEST_F(Rename, ExchangeDoesNotMakeACircle) {
  Node* deep = make(sub->ino, "deep", S_IFDIR);
  EXPECT_EQ(rename(root, "a", sub, "deep", RENAME_EXCHANGE), EINVAL);
  EXPECT_EQ(rename(sub, "deep", root, "a", RENAME_EXCHANGE), EINVAL);
  EXPECT_EQ(at(deep, ".."), sub);
}

TEST_F(Rename, WhiteoutLeavesACharacterDevice) {
  EXPECT_EQ(rename(a, "f", b, "moved", RENAME_WHITEOUT), 0);
  Node* left = at(a, "f");
  ASSERT_NE(left, nullptr);
  EXPECT_TRUE(S_ISCHR(left->mode));
  EXPECT_EQ(left->device, 0u);
  EXPECT_EQ(left->links, 1u);
  EXPECT_EQ(at(b, "moved"), f);
}

// Wherever memory ends: all is as it was, or all is done. Names too long to lie within a string.
class RenameWithoutMemory : public Rename {
 protected:
  const std::string from = std::string(60, 'f'), to = std::string(60, 't');
  Node *file = make(a->ino, from.c_str(), S_IFREG), *target = nullptr;

  std::string all() {
    std::string told;
    for (Node* dir : {a, b}) {
      told += std::to_string(dir->links) + ":";
      dir->directory->each_older_than(Directory::no_cookie, [&](const std::string& name,
                                                                const Directory::Entry& entry) {
        const Node* node = table.find(entry.ino);
        told += " " + name + "=" + std::to_string(entry.ino) + (node ? " " + std::to_string(node->links) : " nothing");
        return true;
      });
    }
    for (Node* node : {f, g, sub, file, target})
      if (node) told += " " + table.path(node->ino);
    return told + " " + std::to_string(space.inodes_left());
  }

  void check(unsigned flags) {
    const std::string before = all();
    long count = 0;
    for (bool done = false; !done; ++count) {
      try {
        const failing_memory::After short_of(count);
        EXPECT_EQ(table.rename(a->ino, from, b->ino, to, flags, alice), 0);
        done = true;
      } catch (const std::bad_alloc&) {
      }
      if (!done) {
        ASSERT_EQ(all(), before) << "after " << count << " allocations";
      }
    }
    EXPECT_GT(count, 2) << "it takes some memory";
    EXPECT_EQ(at(b, to.c_str()), file);
    EXPECT_EQ(table.path(file->ino), "/m/b/" + to);
  }
};

TEST_F(RenameWithoutMemory, Moves) { check(0); }

TEST_F(RenameWithoutMemory, Replaces) {
  target = make(b->ino, to.c_str(), S_IFREG);
  table.remember(*target);
  check(0);
  EXPECT_EQ(target->links, 0u);
}

TEST_F(RenameWithoutMemory, Exchanges) {
  target = make(b->ino, to.c_str(), S_IFREG);
  check(RENAME_EXCHANGE);
  EXPECT_EQ(table.path(target->ino), "/m/a/" + from);
}

TEST_F(RenameWithoutMemory, LeavesAWhiteout) {
  check(RENAME_WHITEOUT);
  EXPECT_TRUE(S_ISCHR(at(a, from.c_str())->mode));
}

TEST_F(Rename, WhiteoutNeedsAnInode) {
  std::string name = "x";
  while (table.make(root_ino, name += "x", {S_IFIFO | 0600, alice}).error == 0) {
  }
  EXPECT_EQ(rename(a, "f", b, "moved", RENAME_WHITEOUT), ENOSPC);
  EXPECT_EQ(at(a, "f"), f);
}

}  // namespace
}  // namespace devshmd
