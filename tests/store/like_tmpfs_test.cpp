// SPDX-License-Identifier: MIT
//
// What the kernel lets a program do with an object, beside a file on a tmpfs: the same steps give the same results.
// Where they differ, the test says how, and docs/limits.md too.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "scratch_store.h"

namespace {

/// An object and a file on a tmpfs, opened and opened again, each by its name.
class LikeTmpfs : public ::testing::Test {
 protected:
  struct Ground {
    std::string path;
    bool is_memory;
    int first, second;
  };

  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, to mount a tmpfs";
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    tmpfs = store.path("tmpfs");
    mkdir(tmpfs.c_str(), 01777);
    ASSERT_EQ(mount("tmpfs", tmpfs.c_str(), "tmpfs", 0, "size=512M,huge=within_size"), 0);
    const Created made = store.create_patiently("object", 0700);
    ASSERT_EQ(made.file, Why::is_memory);
    object = {store.path("object"), true, made.fd_or_error, store.open("object").fd_or_error};
    const std::string path = tmpfs + "/file";
    file.path = path;
    file.is_memory = false;
    file.first = ::open(path.c_str(), exclusively, 0700);
    file.second = ::open(path.c_str(), O_RDWR);
    for (const int fd : {object.first, object.second, file.first, file.second}) ASSERT_GE(fd, 0);
  }
  void TearDown() override {
    for (const int fd : {object.first, object.second, file.first, file.second}) close(fd);
    umount(tmpfs.c_str());
  }

  /// What a step returns for both, or minus its errno.
  template <class Step>
  void expect_same(const char* what, const Step& step) {
    const auto result = [&](const Ground& ground) {
      errno = 0;
      const long returned = step(ground);
      return returned == -1 ? -static_cast<long>(errno) : returned;
    };
    EXPECT_EQ(result(object), result(file)) << what;
  }

  ScratchStore store;
  std::string tmpfs;
  Ground object, file;
};

long lock_of(int fd, int command, short type, off_t start) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = start;
  lock.l_len = 10;
  const int result = fcntl(fd, command, &lock);
  return result ? result : lock.l_type;
}

TEST_F(LikeTmpfs, Locks) {
  expect_same("flock", [](const Ground& g) { return flock(g.first, LOCK_EX | LOCK_NB); });
  expect_same("flock, another one", [](const Ground& g) { return flock(g.second, LOCK_SH | LOCK_NB); });
  expect_same("flock, after unlocking", [](const Ground& g) {
    flock(g.first, LOCK_UN);
    return flock(g.second, LOCK_SH | LOCK_NB);
  });
  expect_same("OFD lock", [](const Ground& g) { return lock_of(g.first, F_OFD_SETLK, F_WRLCK, 0); });
  expect_same("OFD lock, another one", [](const Ground& g) { return lock_of(g.second, F_OFD_SETLK, F_WRLCK, 5); });
  expect_same("OFD lock, beside it", [](const Ground& g) { return lock_of(g.second, F_OFD_SETLK, F_WRLCK, 20); });
  expect_same("OFD lock, asked", [](const Ground& g) { return lock_of(g.second, F_OFD_GETLK, F_WRLCK, 5); });
  expect_same("POSIX lock against it", [](const Ground& g) { return lock_of(g.second, F_SETLK, F_WRLCK, 5); });
  expect_same("lease", [](const Ground& g) { return fcntl(g.first, F_SETLEASE, F_UNLCK); });
}

TEST_F(LikeTmpfs, Room) {
  expect_same("fallocate", [](const Ground& g) { return fallocate(g.first, 0, 0, 1 << 20); });
  expect_same("blocks", [](const Ground& g) {
    struct stat status;
    return fstat(g.first, &status) ? -1 : status.st_blocks;
  });
  expect_same("hole", [](const Ground& g) {
    return fallocate(g.first, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 65536);
  });
  expect_same("collapse", [](const Ground& g) { return fallocate(g.first, FALLOC_FL_COLLAPSE_RANGE, 0, 4096); });
  expect_same("zero", [](const Ground& g) { return fallocate(g.first, FALLOC_FL_ZERO_RANGE, 0, 4096); });
  expect_same("seek", [](const Ground& g) { return lseek(g.first, 0, SEEK_HOLE); });
  expect_same("data", [](const Ground& g) { return lseek(g.first, 4096, SEEK_DATA); });
  expect_same("blocks left", [](const Ground& g) {
    struct stat status;
    return fstat(g.first, &status) ? -1 : status.st_blocks;
  });
}

TEST_F(LikeTmpfs, Seals) {
  // A file of a tmpfs has the seal against sealing, and neither can be sealed.
  expect_same("which", [](const Ground& g) { return fcntl(g.first, F_GET_SEALS); });
  expect_same("sealing", [](const Ground& g) { return fcntl(g.first, F_ADD_SEALS, F_SEAL_GROW); });
  expect_same("growing", [](const Ground& g) { return ftruncate(g.first, 8192); });
}

TEST_F(LikeTmpfs, ExecutableMappings) {
  expect_same("growing", [](const Ground& g) { return ftruncate(g.first, 4096); });
  expect_same("mapping", [](const Ground& g) {
    void* const mapped = mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, g.first, 0);
    if (mapped == MAP_FAILED) return -1L;
#if defined(__x86_64__)
    memcpy(mapped, "\xb8\x2a\x00\x00\x00\xc3", 6);  // mov $42, %eax; ret
#else
    memcpy(mapped, "\x40\x05\x80\x52\xc0\x03\x5f\xd6", 8);  // mov w0, #42; ret
    __builtin___clear_cache(static_cast<char*>(mapped), static_cast<char*>(mapped) + 8);
#endif
    const long answer = reinterpret_cast<int (*)()>(mapped)();
    munmap(mapped, 4096);
    return answer;
  });
}

/// A copy of /bin/true, executed by its name.
long execute(int to, const std::string& path) {
  std::ifstream program("/bin/true", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(program), {}};
  if (pwrite(to, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return -1;
  const pid_t child = fork();
  if (child == 0) {
    execl(path.c_str(), "true", nullptr);
    _exit(errno == ETXTBSY ? 126 : 127);
  }
  int status;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

TEST_F(LikeTmpfs, Executing) {
  expect_same("while it is open for writing", [](const Ground& g) { return execute(g.first, g.path); });
  for (int* fd : {&object.first, &object.second, &file.first, &file.second}) {
    close(*fd);
    *fd = -1;
  }
  expect_same("when nobody writes", [](const Ground& g) {
    const pid_t child = fork();
    if (child == 0) {
      execl(g.path.c_str(), "true", nullptr);
      _exit(127);
    }
    int status;
    waitpid(child, &status, 0);
    return static_cast<long>(WEXITSTATUS(status));
  });
}

TEST_F(LikeTmpfs, AdviceAndHugePages) {
  constexpr std::size_t size = 4 << 20;
  for (const int advice :
       {MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_REMOVE, MADV_DONTNEED, MADV_WILLNEED, MADV_POPULATE_WRITE}) {
    expect_same("advice", [&](const Ground& g) {
      if (ftruncate(g.first, size)) return -1;
      void* const mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, g.first, 0);
      if (mapped == MAP_FAILED) return -2;
      const int result = madvise(mapped, size, advice);
      const int error = errno;
      munmap(mapped, size);
      errno = error;
      return result;
    });
  }
}

TEST_F(LikeTmpfs, Marks) {
  expect_same("growing", [](const Ground& g) { return ftruncate(g.first, 10000); });
  expect_same("reading in the middle", [](const Ground& g) {
    char byte = 'x';
    return pread(g.second, &byte, 1, 5000) == 1 ? byte : -1;
  });
  expect_same("direct", [](const Ground& g) { return fcntl(g.first, F_SETFL, O_DIRECT); });
  expect_same("append", [](const Ground& g) {
    if (fcntl(g.first, F_SETFL, O_APPEND)) return -1L;
    if (write(g.first, "end", 3) != 3) return -2L;
    return static_cast<long>(lseek(g.first, 0, SEEK_CUR));
  });
  expect_same("pipe size of a file", [](const Ground& g) { return fcntl(g.first, F_GETPIPE_SZ); });
}

}  // namespace
