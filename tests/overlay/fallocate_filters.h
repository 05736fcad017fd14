// SPDX-License-Identifier: MIT
//
// For the tests of fallocate: real seccomp filters that forbid it and, one after another, the ways around it; and a
// file in the overlay. Each test runs in a child, since a filter never goes away.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/falloc.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <functional>
#include <ostream>
#include <string>
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

inline void install(const std::vector<Denial>& denials) {
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

inline void in_child(const std::function<void()>& body) {
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

inline int result_of(int result) { return result == 0 ? 0 : errno; }

struct Case {
  const char* name;
  int error;                    ///< what fallocate answers; 0: it is not filtered
  std::vector<Denial> barred;   ///< the ways around it that are
  bool reserves_beyond = true;  ///< KEEP_SIZE beyond the end
  bool frees_blocks = true;     ///< PUNCH_HOLE gives blocks back
};
inline std::ostream& operator<<(std::ostream& out, const Case& row) { return out << row.name; }

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

const std::vector<Denial> no_requests{reserve_ioctl, free_ioctl};
const std::vector<Denial> old_kernel{reserve_ioctl, free_ioctl, populate, append};
const std::vector<Denial> nothing_left{reserve_ioctl, free_ioctl, populate, append, remove_pages};

#define WITH_EACH_FILTER()                                                   \
  INSTANTIATE_TEST_SUITE_P(Filters, FallocateTest, testing::ValuesIn(cases), \
                           [](const auto& row) { return std::string(row.param.name); })

const std::vector<Case> cases{{"none", 0, {}},
                              {"EPERM", EPERM, {}},
                              {"ENOSYS", ENOSYS, {}},
                              {"EOPNOTSUPP", EOPNOTSUPP, {}},
                              {"without_requests", EPERM, no_requests, false},
                              {"old_kernel", EPERM, old_kernel, false},
                              {"nothing_left", EPERM, nothing_left, false, false}};

}  // namespace
