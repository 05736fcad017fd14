// SPDX-License-Identifier: MIT
//
// A table of nodes with room for twenty, for the tests of it.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string_view>

#include "../../../daemon/node_table.h"
#include "failing_sys.h"
#include "owners.h"

namespace devshmd {

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

}  // namespace devshmd
