// SPDX-License-Identifier: MIT
//
// fallocate and posix_fallocate on overlay files, under real seccomp filters that forbid them and, one after another,
// the ways around them. Each test runs in a child, since a filter never goes away.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/falloc.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "backing.h"

namespace {

constexpr off_t page = 4096;
constexpr int keep = FALLOC_FL_KEEP_SIZE;
constexpr int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

/// One system call that fails, in all its uses or (argument >= 0) by the low half of an argument.
struct Denial {
  int call;
  int argument;
  unsigned value;
  int error;
};

const Denial reserve_ioctl{SYS_ioctl, 1, 0x4030582a, ENOTTY};
const Denial free_ioctl{SYS_ioctl, 1, 0x4030582b, ENOTTY};
const Denial populate{SYS_madvise, 2, 23, EINVAL};
const Denial remove_pages{SYS_madvise, 2, MADV_REMOVE, EINVAL};
const Denial append{SYS_pwritev2, -1, 0, EOPNOTSUPP};

void install(const std::vector<Denial>& denials) {
  std::vector<sock_filter> program;
  const auto load = [&](std::size_t at) {
    program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(at)));
  };
  for (const Denial& denial : denials) {
    const bool any = denial.argument < 0;
    load(offsetof(seccomp_data, nr));
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(denial.call), 0,
                               static_cast<unsigned char>(any ? 1 : 3)));
    if (!any) {
      load(offsetof(seccomp_data, args) + 8 * static_cast<std::size_t>(denial.argument));
      program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, denial.value, 0, 1));
    }
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(denial.error)));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0) << strerror(errno);
}

void in_child(const std::function<void()>& body) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    body();
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

class File {
 public:
  explicit File(int flags = O_RDWR, const char* name = "file") : path_(std::string("/dev/shm/") + name) {
    close(open(path_.c_str(), O_CREAT | O_TRUNC | O_RDWR, 0600));
    fd_ = open(path_.c_str(), flags);
    EXPECT_GE(fd_, 0) << strerror(errno);
  }
  ~File() {
    close(fd_);
    unlink(path_.c_str());
  }
  File(const File&) = delete;
  operator int() const { return fd_; }
  off_t size() const { return status().st_size; }
  off_t bytes_on_disk() const { return status().st_blocks * 512; }
  std::string read(off_t at, std::size_t count) const {
    std::string data(count, '?');
    const int fd = open(path_.c_str(), O_RDONLY);
    const ssize_t got = pread(fd, data.data(), count, at);
    close(fd);
    data.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return data;
  }

 private:
  struct stat status() const {
    struct stat found;
    EXPECT_EQ(fstat(fd_, &found), 0);
    return found;
  }
  std::string path_;
  int fd_;
};

int result_of(int result) { return result == 0 ? 0 : errno; }

struct Case {
  const char* name;
  int error;                    ///< what fallocate answers; 0: it is not filtered
  std::vector<Denial> barred;   ///< the ways around it that are
  bool reserves_beyond = true;  ///< KEEP_SIZE beyond the end
  bool frees_blocks = true;     ///< PUNCH_HOLE gives blocks back
};
std::ostream& operator<<(std::ostream& out, const Case& row) { return out << row.name; }

class FallocateTest : public testing::TestWithParam<Case> {
 protected:
  void TearDown() override { remove_backing(); }

  /// Runs the body under the filters of this case.
  static void filtered(const std::function<void()>& body) {
    in_child([&] {
      std::vector<Denial> denials = GetParam().barred;
      if (GetParam().error) denials.push_back({SYS_fallocate, -1, 0, GetParam().error});
      if (!denials.empty()) install(denials);
      body();
    });
  }
};

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

const std::vector<Denial> no_requests{reserve_ioctl, free_ioctl};
const std::vector<Denial> old_kernel{reserve_ioctl, free_ioctl, populate, append};
const std::vector<Denial> nothing_left{reserve_ioctl, free_ioctl, populate, append, remove_pages};

INSTANTIATE_TEST_SUITE_P(Filters, FallocateTest,
                         testing::Values(Case{"none", 0, {}}, Case{"EPERM", EPERM, {}}, Case{"ENOSYS", ENOSYS, {}},
                                         Case{"EOPNOTSUPP", EOPNOTSUPP, {}},
                                         Case{"without_requests", EPERM, no_requests, false},
                                         Case{"old_kernel", EPERM, old_kernel, false},
                                         Case{"nothing_left", EPERM, nothing_left, false, false}),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
