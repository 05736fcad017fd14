// SPDX-License-Identifier: MIT
//
// fallocate and posix_fallocate on overlay files: what they do, and what they refuse.

#include <algorithm>
#include <limits>

#include "fallocate_filters.h"

namespace {

TEST_P(FallocateTest, ExtendsAndReserves) {
  filtered([] {
    const File file;
    errno = 77;
    ASSERT_EQ(fallocate(file, 0, 0, 10 * page + 5), 0) << strerror(errno);
    EXPECT_EQ(errno, 77);
    EXPECT_EQ(file.size(), 10 * page + 5);
    EXPECT_GE(file.bytes_on_disk(), 11 * page);
    EXPECT_EQ(file.read(0, 11 * page), std::string(10 * page + 5, '\0'));
    ASSERT_EQ(fallocate(file, 0, 0, page), 0) << "what is there stays";
    EXPECT_EQ(file.size(), 10 * page + 5);
    EXPECT_EQ(lseek(file, 0, SEEK_CUR), 0) << "the position is the program's";
  });
}

TEST_P(FallocateTest, ReservesHolesAndKeepsData) {
  filtered([] {
    const File file;
    ASSERT_EQ(ftruncate(file, 64 * page), 0);
    ASSERT_EQ(pwrite(file, "data", 4, 20 * page + 7), 4);
    const off_t before = file.bytes_on_disk();
    ASSERT_EQ(fallocate(file, 0, 0, 64 * page), 0) << strerror(errno);
    EXPECT_LE(before, 2 * page);
    EXPECT_GE(file.bytes_on_disk(), 64 * page);
    EXPECT_EQ(file.size(), 64 * page);
    EXPECT_EQ(file.read(20 * page + 6, 6), std::string("\0data\0", 6));
  });
}

TEST_P(FallocateTest, LeavesTheGapBeforeTheRange) {
  filtered([] {
    const File file;
    ASSERT_EQ(pwrite(file, "x", 1, 0), 1);
    ASSERT_EQ(fallocate(file, 0, 256 * page, page), 0) << strerror(errno);
    EXPECT_EQ(file.size(), 257 * page);
    EXPECT_GE(file.bytes_on_disk(), 2 * page);
    EXPECT_LT(file.bytes_on_disk(), 32 * page);
  });
}

TEST_P(FallocateTest, KeepsTheSize) {
  filtered([] {
    const File file;
    ASSERT_EQ(ftruncate(file, 8 * page), 0);
    ASSERT_EQ(fallocate(file, keep, 0, 8 * page), 0) << strerror(errno);
    EXPECT_EQ(file.size(), 8 * page);
    EXPECT_GE(file.bytes_on_disk(), 8 * page);
    const int beyond = result_of(fallocate(file, keep, 0, 64 * page));
    EXPECT_EQ(beyond, GetParam().reserves_beyond ? 0 : EOPNOTSUPP);
    EXPECT_EQ(file.size(), 8 * page);
    if (beyond == 0) {
      EXPECT_GE(file.bytes_on_disk(), 64 * page);
    }
  });
}

TEST_P(FallocateTest, PunchesHoles) {
  filtered([] {
    const File file;
    const std::string data(64 * page, 'd');
    ASSERT_EQ(pwrite(file, data.data(), data.size(), 0), 64 * page);
    const auto expect_hole = [&](off_t from, off_t length) {
      ASSERT_EQ(pwrite(file, data.data(), data.size(), 0), 64 * page);
      ASSERT_EQ(fallocate(file, punch, from, length), 0) << strerror(errno);
      std::string expected = data;
      const off_t end = std::min<off_t>(from + length, 64 * page);
      if (from < end) expected.replace(from, end - from, end - from, '\0');
      EXPECT_EQ(file.read(0, 65 * page) == expected, true) << from << " " << length;
      EXPECT_EQ(file.size(), 64 * page);
    };
    expect_hole(16 * page, 32 * page);
    if (GetParam().frees_blocks) {
      EXPECT_LE(file.bytes_on_disk(), 40 * page);
    }
    expect_hole(3, 5);
    expect_hole(page + 3, 2 * page);
    expect_hole(page - 3, 6);
    expect_hole(60 * page + 1, 100 * page);
    expect_hole(64 * page, page);
    expect_hole(80 * page, page);
    expect_hole(1, off_t{1} << 40);
  });
}

TEST_P(FallocateTest, RefusesWhatATmpfsRefuses) {
  filtered([] {
    const File file;
    const File read_only(O_RDONLY, "read-only");
    ASSERT_EQ(ftruncate(file, 16 * page), 0);
    for (const int mode : {FALLOC_FL_ZERO_RANGE, FALLOC_FL_ZERO_RANGE | keep, FALLOC_FL_COLLAPSE_RANGE,
                           FALLOC_FL_INSERT_RANGE, FALLOC_FL_UNSHARE_RANGE, FALLOC_FL_PUNCH_HOLE, 0x1000})
      EXPECT_EQ(result_of(fallocate(file, mode, 0, page)), EOPNOTSUPP) << mode;
    EXPECT_EQ(file.size(), 16 * page);
    EXPECT_EQ(file.bytes_on_disk(), 0);
    for (const int mode : {0, keep, punch, FALLOC_FL_ZERO_RANGE}) {
      EXPECT_EQ(result_of(fallocate(file, mode, 0, 0)), EINVAL) << mode;
      EXPECT_EQ(result_of(fallocate(file, mode, -1, page)), EINVAL) << mode;
      EXPECT_EQ(result_of(fallocate(file, mode, 0, -1)), EINVAL) << mode;
      EXPECT_EQ(result_of(fallocate(file, mode, page, std::numeric_limits<off_t>::max())), EFBIG) << mode;
      EXPECT_EQ(result_of(fallocate(read_only, mode, 0, page)), EBADF) << mode;
    }
    EXPECT_EQ(result_of(fallocate(read_only, FALLOC_FL_PUNCH_HOLE, 0, page)), EOPNOTSUPP);
    const int by_path = open("/dev/shm/file", O_PATH);
    EXPECT_EQ(result_of(fallocate(by_path, 0, 0, page)), EBADF);
    close(by_path);
    ASSERT_EQ(mkfifo((backing() + "/fifo").c_str(), 0600), 0);
    const int fifo = open("/dev/shm/fifo", O_RDWR);
    EXPECT_EQ(result_of(fallocate(fifo, 0, 0, page)), ESPIPE);
    close(fifo);
    unlink("/dev/shm/fifo");
  });
}

TEST_P(FallocateTest, WriteOnlyAndAppendingDescriptors) {
  filtered([] {
    for (const int flags : {O_WRONLY, O_WRONLY | O_APPEND, O_RDWR | O_APPEND}) {
      const File file(flags);
      ASSERT_EQ(ftruncate(file, 4 * page), 0);
      ASSERT_EQ(fallocate(file, 0, 0, 8 * page), 0) << flags << " " << strerror(errno);
      EXPECT_EQ(file.size(), 8 * page);
      EXPECT_GE(file.bytes_on_disk(), 8 * page);
      ASSERT_EQ(fallocate(file, punch, page + 1, 3 * page), 0) << flags << " " << strerror(errno);
      EXPECT_EQ(file.size(), 8 * page);
    }
  });
}

TEST_P(FallocateTest, DeletedFiles) {
  filtered([] {
    const File file;
    ASSERT_EQ(unlink("/dev/shm/file"), 0);
    ASSERT_EQ(fallocate(file, 0, 0, 8 * page), 0) << strerror(errno);
    EXPECT_GE(file.bytes_on_disk(), 8 * page);
  });
}

TEST_P(FallocateTest, PosixFallocateReturnsTheError) {
  filtered([] {
    const File file;
    const File read_only(O_RDONLY, "read-only");
    errno = 77;
    EXPECT_EQ(posix_fallocate(file, 0, 8 * page), 0);
    EXPECT_EQ(file.size(), 8 * page);
    EXPECT_GE(file.bytes_on_disk(), 8 * page);
    EXPECT_EQ(posix_fallocate(file, 0, 0), EINVAL);
    EXPECT_EQ(posix_fallocate(file, -1, page), EINVAL);
    EXPECT_EQ(posix_fallocate(file, page, std::numeric_limits<off_t>::max()), EFBIG);
    EXPECT_EQ(posix_fallocate(read_only, 0, page), EBADF);
    EXPECT_EQ(errno, 77);
    EXPECT_EQ(posix_fallocate64(file, 0, 9 * page), 0);
    EXPECT_EQ(fallocate64(file, 0, 0, 10 * page), 0);
    EXPECT_EQ(file.size(), 10 * page);
  });
}

TEST_P(FallocateTest, OtherFilesGetTheAnswerUnchanged) {
  if (!GetParam().error) GTEST_SKIP() << "nothing is filtered";
  filtered([] {
    char name[] = "/tmp/devshm-fallocate-XXXXXX";
    const int fd = mkstemp(name);
    unlink(name);
    EXPECT_EQ(result_of(fallocate(fd, 0, 0, page)), GetParam().error);
    EXPECT_EQ(result_of(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, page)), GetParam().error);
    // glibc writes where it gets EOPNOTSUPP; musl does not.
    const int answer = posix_fallocate(fd, 0, page);
    EXPECT_TRUE(answer == GetParam().error || (GetParam().error == EOPNOTSUPP && answer == 0)) << answer;
    close(fd);
  });
}

WITH_EACH_FILTER();

}  // namespace
