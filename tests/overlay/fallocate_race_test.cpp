// SPDX-License-Identifier: MIT
//
// fallocate on overlay files while others store, write and lengthen, and where there is no space: nothing is lost.
#include <sched.h>
#include <sys/mount.h>

#include <atomic>
#include <thread>

#include "fallocate_filters.h"

namespace {

// What others store through a mapping, while the holes under it are being reserved, is there afterwards.
TEST_P(FallocateTest, LosesNothingThatIsStoredMeanwhile) {
  filtered([] {
    constexpr std::size_t pages = 256;
    for (int round = 0; round < 40; ++round) {
      const File file;
      ASSERT_EQ(ftruncate(file, pages * page), 0);
      auto* memory = static_cast<char*>(mmap(nullptr, pages * page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
      std::atomic<bool> go{false};
      std::thread writer([&] {
        while (!go) {
        }
        for (std::size_t i = pages; i-- > 0;) memory[i * page] = memory[i * page + page - 1] = 'w';
      });
      go = true;
      EXPECT_EQ(posix_fallocate(file, 0, pages * page), 0);
      writer.join();
      for (std::size_t i = 0; i < pages; ++i)
        ASSERT_TRUE(memory[i * page] == 'w' && memory[i * page + page - 1] == 'w') << "page " << i;
      munmap(memory, pages * page);
    }
  });
}

// Nor is what others write to lengthen the file, however that falls in with our own lengthening.
TEST_P(FallocateTest, LosesNothingThatIsWrittenBehindTheEnd) {
  filtered([] {
    constexpr off_t blocks = 20000;
    const File file;
    std::atomic<off_t> written{0};
    std::thread writer([&] {
      const std::string block(512, 'w');
      for (off_t i = 0; i < blocks; written = ++i) EXPECT_EQ(pwrite(file, block.data(), 512, i * 512), 512);
    });
    while (written < blocks) EXPECT_EQ(fallocate(file, 0, 0, written * 512 + 700), 0) << strerror(errno);
    writer.join();
    EXPECT_GE(file.size(), blocks * 512);
    EXPECT_EQ(file.read(0, blocks * 512) == std::string(blocks * 512, 'w'), true);
  });
}

TEST_P(FallocateTest, TwoThatLengthenAtOnceAgreeOnTheSize) {
  if (!GetParam().error) GTEST_SKIP() << "the kernel's own business";
  filtered([] {
    for (int round = 0; round < 20; ++round) {
      const File file;
      std::thread other([&] { EXPECT_EQ(posix_fallocate(file, 0, 3 << 20), 0); });
      EXPECT_EQ(posix_fallocate(file, 0, 3 << 20), 0);
      other.join();
      EXPECT_EQ(file.size(), 3 << 20);
    }
  });
}

// In a small file system of its own over the backing directory.
TEST_P(FallocateTest, NoSpaceIsToldAtOnceAndNothingIsLeft) {
  if (geteuid() != 0) GTEST_SKIP() << "takes root, to mount";
  { const File make_the_directory; }
  in_child([] {
    if (unshare(CLONE_NEWNS) != 0) return;  // not in this container
    ASSERT_EQ(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(mount("tmpfs", backing().c_str(), "tmpfs", 0, "size=1m"), 0) << strerror(errno);
    filtered([] {
      const File file;
      ASSERT_EQ(ftruncate(file, 3 * page), 0);
      EXPECT_EQ(result_of(fallocate(file, 0, 0, 4 << 20)), ENOSPC);
      EXPECT_EQ(file.size(), 3 * page);
      EXPECT_EQ(file.bytes_on_disk(), 0);
      EXPECT_EQ(posix_fallocate(file, 0, 4 << 20), ENOSPC);
      ASSERT_EQ(ftruncate(file, 4 << 20), 0);
      EXPECT_EQ(posix_fallocate(file, 0, 4 << 20), ENOSPC) << "holes up to the end";
      ASSERT_EQ(ftruncate(file, 0), 0);
      ASSERT_EQ(posix_fallocate(file, 0, 800 << 10), 0);
      // The rest is used up by another; what was reserved can be stored to all the same.
      const File other(O_RDWR, "other");
      const std::string block(64 << 10, 'o');
      while (write(other, block.data(), block.size()) > 0) {
      }
      EXPECT_EQ(errno, ENOSPC);
      auto* memory = static_cast<char*>(mmap(nullptr, 800 << 10, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
      memset(memory, 'w', 800 << 10);
      EXPECT_EQ(file.read((800 << 10) - 1, 1), "w");
    });
  });
}

WITH_EACH_FILTER();

}  // namespace
