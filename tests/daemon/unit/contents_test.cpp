// SPDX-License-Identifier: MIT
// The room that contents take, and what happens when it ends or the kernel says no.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

#include "../../../daemon/node_table.h"
#include "failing_sys.h"
#include "owners.h"

namespace devshmd {
namespace {

using failing_sys::Failing;

constexpr std::uint64_t page = page_size;

class Contents : public testing::TestWithParam<bool> {
 protected:
  Contents() : space(10, 100, GetParam()), table(space, {0, 0}, "/m") {}

  Node& file(const char* name = "f") {
    const Found made = table.make(root_ino, name, {S_IFREG | 0600, alice});
    EXPECT_EQ(made.error, 0);
    return *made.node;
  }
  /// As the operation does it. How much was written, or -errno.
  ssize_t write(Node& node, std::uint64_t offset, std::uint64_t size) {
    std::uint64_t charged;
    const std::uint64_t room = table.admit_write(node, offset, size, charged);
    const std::string bytes(room, 'x');
    const ssize_t put = room ? node.file->write(bytes.data(), room, static_cast<off_t>(offset)) : -ENOSPC;
    space.give_pages(charged);
    table.recount(node);
    return put;
  }
  bool promises() const { return GetParam(); }

  Space space;
  NodeTable table;
};

INSTANTIATE_TEST_SUITE_P(Counting, Contents, testing::Bool(),
                         [](const auto& info) { return info.param ? "Promises" : "PagesInUse"; });

TEST_P(Contents, AWriteEndsWhereTheRoomEnds) {
  Node& f = file();
  EXPECT_EQ(write(f, 0, 4 * page), 4 * static_cast<ssize_t>(page));
  EXPECT_EQ(space.pages_used(), 4u);
  EXPECT_EQ(write(f, 4 * page, 20 * page), 6 * static_cast<ssize_t>(page)) << "as much as fits";
  EXPECT_EQ(write(f, 10 * page, 1), -ENOSPC);
  EXPECT_EQ(write(f, 0, 10 * page), 10 * static_cast<ssize_t>(page)) << "what is there can be written over";
  EXPECT_EQ(write(f, 10 * page - 1, 1), 1);
  EXPECT_EQ(space.pages_left(), 0u);
}

TEST_P(Contents, APartOfAPageIsAPage) {
  Node& f = file();
  EXPECT_EQ(write(f, page - 1, 2), 2);
  EXPECT_EQ(space.pages_used(), 2u);
  EXPECT_EQ(write(f, 5, 5), 5);
  EXPECT_EQ(space.pages_used(), 2u);
  Node& g = file("g");
  EXPECT_EQ(write(g, 0, 8 * page), 8 * static_cast<ssize_t>(page));
  EXPECT_EQ(write(g, 8 * page - 3, 10), 3) << "up to the last byte of the last page";
}

TEST_P(Contents, RemovingGivesBack) {
  Node& f = file();
  table.remember(f);
  write(f, 0, 10 * page);
  EXPECT_EQ(table.unlink(root_ino, "f"), 0);
  EXPECT_EQ(space.pages_left(), 0u) << "not while it is open";
  table.forget(f.ino, 1);
  EXPECT_EQ(space.pages_left(), 10u);
  EXPECT_EQ(space.pages_used(), 0u);
}

TEST_P(Contents, TruncatingGivesBack) {
  Node& f = file();
  write(f, 0, 10 * page);
  EXPECT_EQ(table.truncate(f, 3 * page + 1), 0);
  EXPECT_EQ(space.pages_left(), 6u);
  EXPECT_EQ(table.truncate(f, 0), 0);
  EXPECT_EQ(space.pages_left(), 10u);
}

TEST_P(Contents, AHoleCostsNothingUnlessItIsPromised) {
  Node& f = file();
  EXPECT_EQ(table.truncate(f, 8 * page), 0);
  EXPECT_EQ(space.pages_used(), 0u) << "what statfs shows is what is in use";
  EXPECT_EQ(space.pages_left(), promises() ? 2u : 10u);
  Node& g = file("g");
  EXPECT_EQ(table.truncate(g, 8 * page), promises() ? ENOSPC : 0);
  EXPECT_EQ(write(g, 0, 3 * page), (promises() ? 2 : 3) * static_cast<ssize_t>(page));
  EXPECT_EQ(write(f, 0, 8 * page), (promises() ? 8 : 7) * static_cast<ssize_t>(page)) << "what was let in has its room";
}

TEST_P(Contents, TooLargeATruncateChangesNothing) {
  Node& f = file();
  write(f, 0, 2 * page);
  if (!promises()) GTEST_SUCCEED() << "a tmpfs lets it in";
  EXPECT_EQ(table.truncate(f, 11 * page), promises() ? ENOSPC : 0);
  if (promises()) {
    EXPECT_EQ(table.attributes(f).st_size, static_cast<off_t>(2 * page));
    EXPECT_EQ(space.pages_left(), 8u);
  }
}

TEST_P(Contents, FallocateIsAllOrNothing) {
  Node& f = file();
  EXPECT_EQ(table.fallocate(f, 0, 0, 11 * page), ENOSPC);
  EXPECT_EQ(space.pages_left(), 10u);
  EXPECT_EQ(table.fallocate(f, 0, 0, 6 * page), 0);
  EXPECT_EQ(table.attributes(f).st_size, static_cast<off_t>(6 * page));
  EXPECT_EQ(table.fallocate(f, FALLOC_FL_KEEP_SIZE, 6 * page, 3 * page), 0);
  EXPECT_EQ(table.attributes(f).st_size, static_cast<off_t>(6 * page));
  EXPECT_EQ(space.pages_left(), 1u);
  EXPECT_EQ(table.fallocate(f, FALLOC_FL_KEEP_SIZE, 6 * page, 3 * page), 0) << "what is there is not paid for twice";
  EXPECT_EQ(table.fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2 * page), 0);
  EXPECT_EQ(space.pages_used(), 7u);
  EXPECT_EQ(space.pages_left(), promises() ? 1u : 3u);
  EXPECT_EQ(table.fallocate(f, FALLOC_FL_ZERO_RANGE, 0, page), EOPNOTSUPP) << "a tmpfs has none";
}

TEST_P(Contents, TheKernelsRefusalIsTheAnswer) {
  Node& f = file();
  EXPECT_EQ(f.file->give_descriptor(), 0);
  {
    const Failing failing("ftruncate", EFBIG);
    EXPECT_EQ(table.truncate(f, page), EFBIG);
  }
  {
    const Failing failing("fallocate", ENOMEM);
    EXPECT_EQ(table.fallocate(f, 0, 0, page), ENOMEM);
  }
  {
    const Failing failing("pwrite", EIO);
    EXPECT_EQ(write(f, 0, page), -EIO);
  }
  EXPECT_EQ(space.pages_left(), 10u) << "nothing stays charged";
  EXPECT_EQ(space.pages_used(), 0u);
}

TEST_P(Contents, InterruptionsGoUnnoticed) {
  Node& f = file();
  EXPECT_EQ(f.file->give_descriptor(), 0);
  {
    const Failing failing("pwrite", EINTR);
    EXPECT_EQ(write(f, 0, 2 * page), 2 * static_cast<ssize_t>(page));
  }
  char bytes[10];
  {
    const Failing failing("pread", EINTR);
    EXPECT_EQ(f.file->read(bytes, sizeof bytes, 0), 10);
  }
  const Failing failing("fallocate", EINTR);
  EXPECT_EQ(table.fallocate(f, 0, 0, 3 * page), 0);
}

TEST_P(Contents, ReadingEndsAtTheEnd) {
  Node& f = file();
  write(f, 0, 10);
  EXPECT_EQ(f.file->give_descriptor(), 0);
  char bytes[100];
  EXPECT_EQ(f.file->read(bytes, sizeof bytes, 4), 6);
  EXPECT_EQ(f.file->read(bytes, sizeof bytes, 10), 0);
  const Failing failing("pread", EIO);
  EXPECT_EQ(f.file->read(bytes, sizeof bytes, 0), -EIO);
}

TEST_P(Contents, HolesAreCountedByThePage) {
  Node& f = file();
  table.truncate(f, 9 * page);
  write(f, 3 * page, 1);
  write(f, 5 * page + 7, 1);
  EXPECT_EQ(f.file->holes(0, 9 * page), 7u);
  EXPECT_EQ(f.file->holes(3 * page, page), 0u);
  EXPECT_EQ(f.file->holes(3 * page + 5, page), 1u);
  EXPECT_EQ(f.file->holes(0, 0), 0u);
  EXPECT_EQ(f.file->holes(100 * page, 2 * page), 2u) << "beyond the end";
}

TEST_P(Contents, SmallContentsTakeNoDescriptor) {
  const int before = failing_sys::open_descriptors();
  Node& f = file();
  EXPECT_EQ(write(f, 100, 50), 50);
  EXPECT_EQ(table.truncate(f, 1000 * page), promises() ? ENOSPC : 0);
  EXPECT_EQ(table.truncate(f, 3 * page), 0);
  EXPECT_EQ(failing_sys::open_descriptors(), before);
  EXPECT_EQ(space.pages_used(), 1u);
  EXPECT_EQ(space.pages_elsewhere(), 1u);
  EXPECT_EQ(f.file->seek(0, SEEK_DATA), 0);
  EXPECT_EQ(f.file->seek(0, SEEK_HOLE), static_cast<off_t>(page));
  EXPECT_EQ(f.file->seek(page, SEEK_DATA), -ENXIO);
  EXPECT_EQ(write(f, 2 * page, 1), 1);
  EXPECT_EQ(failing_sys::open_descriptors(), before + 1);
  EXPECT_EQ(space.pages_elsewhere(), 0u);
  char bytes[200];
  EXPECT_EQ(f.file->read(bytes, sizeof bytes, 0), 200);
  EXPECT_EQ(std::string(bytes, 200), std::string(100, '\0') + std::string(50, 'x') + std::string(50, '\0'));
  EXPECT_EQ(table.attributes(f).st_size, static_cast<off_t>(3 * page));
}

TEST_P(Contents, AreTheSameWithADescriptorAndWithout) {
  std::mt19937 random(7);
  MemoryFile small(-1), large(-1);
  ASSERT_EQ(large.give_descriptor(), 0);
  for (int i = 0; i < 3000; ++i) {
    const auto at = static_cast<off_t>(random() % 5000), size = static_cast<off_t>(random() % 300);
    const std::string told = std::to_string(i) + " " + std::to_string(at) + " " + std::to_string(size);
    switch (random() % 6) {
      case 0: EXPECT_EQ(small.truncate(at), large.truncate(at)); break;
      case 1: EXPECT_EQ(small.truncate(0), large.truncate(0)); break;
      case 2: EXPECT_EQ(small.seek(at, SEEK_DATA), large.seek(at, SEEK_DATA)) << told; break;
      case 3: EXPECT_EQ(small.seek(at, SEEK_HOLE), large.seek(at, SEEK_HOLE)) << told; break;
      case 4: small.give_descriptor(); [[fallthrough]];
      case 5: {
        small.take_descriptor_back();
        const std::string bytes(static_cast<std::size_t>(size), static_cast<char>(random()));
        const off_t where = at % 3800;
        EXPECT_EQ(small.write(bytes.data(), bytes.size(), where), large.write(bytes.data(), bytes.size(), where));
      }
    }
    char a[6000], b[6000];
    const ssize_t got = small.read(a, sizeof a, 0);
    ASSERT_EQ(got, large.read(b, sizeof b, 0)) << told;
    ASSERT_EQ(std::string(a, static_cast<std::size_t>(got)), std::string(b, static_cast<std::size_t>(got))) << told;
    ASSERT_EQ(small.facts().size, large.facts().size) << told;
    ASSERT_EQ(small.facts().pages, large.facts().pages) << told;
  }
}

TEST_P(Contents, TheKernelsNumberStaysAsLongAsTheDescriptor) {
  const int before = failing_sys::open_backings();
  {
    MemoryFile contents(-1);
    EXPECT_EQ(contents.backing_id(0), -EBADF) << "there is no descriptor yet";
    ASSERT_EQ(contents.give_descriptor(), 0);
    {
      const Failing failing("open_backing", EPERM);
      EXPECT_EQ(contents.backing_id(0), -EPERM);
    }
    const int id = contents.backing_id(0);
    EXPECT_GT(id, 0);
    EXPECT_EQ(contents.backing_id(0), id);
    EXPECT_EQ(failing_sys::open_backings(), before + 1);
    contents.take_descriptor_back();
    EXPECT_EQ(failing_sys::open_backings(), before);
    ASSERT_EQ(contents.give_descriptor(), 0);
    EXPECT_NE(contents.backing_id(0), id) << "it is another file";
  }
  EXPECT_EQ(failing_sys::open_backings(), before);
}

TEST_P(Contents, DescriptorsAreSavedWhenTheyAreScarce) {
  const int before = failing_sys::open_descriptors();
  Node& f = file();
  write(f, 0, 10);
  EXPECT_EQ(f.file->give_descriptor(), 0);
  table.save_descriptor(f);
  EXPECT_EQ(failing_sys::open_descriptors(), before + 1) << "there are enough";
  table.save_descriptors_from(1);
  table.save_descriptor(f);
  EXPECT_EQ(failing_sys::open_descriptors(), before);
  EXPECT_EQ(table.attributes(f).st_size, 10);
  Node& large = file("large");
  write(large, page, 10);
  table.save_descriptor(large);
  EXPECT_EQ(failing_sys::open_descriptors(), before + 1) << "what is not small keeps its own";
  {
    const Failing failing("memfd_create", EMFILE);
    EXPECT_EQ(write(f, 5 * page, 1), -ENOSPC) << "for a program that means no room";
  }
  MemoryFile::limit_descriptors(MemoryFile::descriptors());
  EXPECT_EQ(write(f, 5 * page, 1), -ENOSPC) << "some are left for the daemon itself";
  MemoryFile::limit_descriptors(~0u);
  EXPECT_EQ(write(f, 5 * page, 1), 1);
}

TEST(Unlimited, NothingIsRefused) {
  Space space(Space::unlimited, Space::unlimited, false);
  NodeTable table(space, {0, 0}, "/m");
  Node& f = *table.make(root_ino, "f", {S_IFREG | 0600, alice}).node;
  std::uint64_t charged;
  EXPECT_EQ(table.admit_write(f, 1ull << 50, 1ull << 20, charged), 1ull << 20);
  EXPECT_EQ(table.truncate(f, 1ull << 50), 0);
}

}  // namespace
}  // namespace devshmd
