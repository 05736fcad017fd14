// SPDX-License-Identifier: MIT
//
// syscall(): each system call that takes a path does below /dev/shm what it does in an ordinary directory. The same
// steps are taken in both, and the results compared; the log tells that the path was rewritten.
#include <sys/socket.h>
#include <sys/un.h>

#include "syscall_rows.h"

namespace {

/// What a directory has in it after a call, by name, type, mode and size.
std::string contents(Path b) {
  std::vector<std::string> lines;
  for (const char* name : {"file", "link", "dir", "new"}) {
    struct stat found;
    if (fstatat(AT_FDCWD, AT(name), &found, AT_SYMLINK_NOFOLLOW) != 0) continue;
    lines.push_back(std::string(name) + " " + std::to_string(found.st_mode) + " " +
                    std::to_string(S_ISDIR(found.st_mode) ? 0 : found.st_size) + " " +
                    std::to_string(found.st_mtime < 10000 ? found.st_mtime : 0));
  }
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

class Syscall : public Children {
 protected:
  void SetUp() override {
    neighbour = dir + "/../syscall.neighbour";
    mkdir(c(neighbour), 0755);
  }

  static void furnish(Path b) {
    make_file(make_name(b, "file"), "content");
    chmod(c(make_name(real(b), "file")), 0644);
    mkdir(AT("dir"), 0755);
    symlink("file", AT("link"));
    setxattr_of(make_name(real(b), "file"));
  }
  static void clear(Path b) {
    for (const char* name : {"file", "link", "new"}) unlink(AT(name));
    for (const char* name : {"dir", "new"}) rmdir(AT(name));
  }
  /// Where a directory really is.
  static std::string real(Path base) { return base == "/dev/shm" ? dir : base; }
  static void setxattr_of(Path path) { syscall(SYS_setxattr, c(path), "user.a", "value", 5, 0); }

  static std::string outcome(const Row& row, Path base) {
    clear(base);
    furnish(base);
    errno = 0;
    const long result = row.call(base);
    const int error = result == -1 ? errno : 0;
    std::string all = std::to_string(result) + " errno " + std::to_string(error) + "\n" + contents(base);
    clear(base);
    return all;
  }

  static std::size_t log_size() {
    struct stat found {};
    fstatat(AT_FDCWD, getenv("DEVSHM_LOG"), &found, 0);
    return static_cast<std::size_t>(found.st_size);
  }

  static inline std::string neighbour;
};

TEST_F(Syscall, DoesInTheOverlayWhatItDoesBesides) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const std::string besides = outcome(row, neighbour);
    const std::size_t before = log_size();
    EXPECT_EQ(outcome(row, "/dev/shm"), besides);
    const std::string logged = content_of(getenv("DEVSHM_LOG")).substr(before);
    const bool is_restricted = std::string(row.name) == "openat2 without symbolic links";
    const bool is_logged = logged.find("] syscall: /dev/shm/") != std::string::npos ||
                           logged.find("] " + std::string(row.name) + ": /dev/shm/") != std::string::npos;
    EXPECT_TRUE(is_native() || is_restricted || is_logged) << logged;
  }
}

TEST_F(Syscall, StartsAtADescriptor) {
  make_file("/dev/shm/file", "content");
  const int dev = open("/dev", O_PATH);
  EXPECT_EQ(syscall(SYS_newfstatat, dev, "shm/file", &st, 0), 0);
  EXPECT_EQ(syscall(SYS_unlinkat, dev, "shm", AT_REMOVEDIR), -1);
  EXPECT_EQ(errno, EBUSY);
  EXPECT_EQ(syscall(SYS_unlinkat, dev, "shm/file", 0), 0);
  close(dev);
}

TEST_F(Syscall, KnowsDevShmAsAMountPoint) {
  EXPECT_EQ(syscall(SYS_unlinkat, AT_FDCWD, "/dev/shm/", AT_REMOVEDIR), -1);
  EXPECT_EQ(errno, EBUSY);
  EXPECT_EQ(syscall(SYS_renameat2, AT_FDCWD, "/dev/shm", AT_FDCWD, "/dev/other", 0), -1);
  EXPECT_EQ(errno, EBUSY);
  open_how how{O_RDONLY, 0, RESOLVE_NO_XDEV};
  EXPECT_EQ(syscall(SYS_openat2, AT_FDCWD, "/dev/shm/marker", &how, sizeof how), -1);
  EXPECT_EQ(errno, EXDEV);
  how.resolve = RESOLVE_BENEATH;
  const int dev = open("/dev", O_PATH);
  EXPECT_EQ(closed(syscall(SYS_openat2, dev, "shm/marker", &how, sizeof how)), 0);
  close(dev);
}

TEST_F(Syscall, SaysTmpfs) {
  struct statfs fs {};
  ASSERT_EQ(syscall(SYS_statfs, "/dev/shm/marker", &fs), 0);
  EXPECT_EQ(fs.f_type, 0x01021994);
  const int fd = open("/dev/shm/marker", O_RDONLY);
  fs.f_type = 0;
  ASSERT_EQ(syscall(SYS_fstatfs, fd, &fs), 0);
  EXPECT_EQ(fs.f_type, 0x01021994);
  close(fd);
  ASSERT_EQ(syscall(SYS_statfs, "/proc", &fs), 0);
  EXPECT_EQ(fs.f_type, 0x9fa0);
}

TEST_F(Syscall, ShowsWhatComesBack) {
  char said[128] = "";
  ASSERT_EQ(chdir("/dev/shm"), 0);
  EXPECT_EQ(syscall(SYS_getcwd, said, sizeof said), 9) << strerror(errno);
  EXPECT_STREQ(said, "/dev/shm");
  EXPECT_EQ(syscall(SYS_getcwd, said, 8), -1);
  EXPECT_EQ(errno, ERANGE);
  EXPECT_EQ(syscall(SYS_getcwd, said, 0), -1);
  EXPECT_EQ(errno, ERANGE);
  EXPECT_EQ(syscall(SYS_getcwd, nullptr, 100), -1);
  EXPECT_EQ(errno, EFAULT);
  const long length = syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/cwd", said, sizeof said);
  EXPECT_EQ(std::string(said, length < 0 ? 0 : static_cast<std::size_t>(length)), "/dev/shm");
  ASSERT_EQ(chdir("/"), 0);
}

TEST_F(Syscall, KnowsNamesOfSockets) {
  sockaddr_un address{}, told{};
  address.sun_family = AF_UNIX;
  strcpy(address.sun_path, "/dev/shm/socket");
  const int server = socket(AF_UNIX, SOCK_DGRAM, 0), client = socket(AF_UNIX, SOCK_DGRAM, 0);
  ASSERT_EQ(syscall(SYS_bind, server, &address, sizeof address), 0) << strerror(errno);
  struct stat found;
  EXPECT_EQ(lstat("/dev/shm/socket", &found), 0);
  socklen_t length = sizeof told;
  EXPECT_EQ(syscall(SYS_getsockname, server, &told, &length), 0);
  EXPECT_STREQ(told.sun_path, "/dev/shm/socket");
  ASSERT_EQ(syscall(SYS_sendto, client, "a", 1, 0, &address, sizeof address), 1) << strerror(errno);
  strcpy(address.sun_path, "/dev/shm/client");
  ASSERT_EQ(syscall(SYS_bind, client, &address, sizeof address), 0);
  strcpy(address.sun_path, "/dev/shm/socket");
  ASSERT_EQ(syscall(SYS_connect, client, &address, sizeof address), 0);
  length = sizeof told;
  EXPECT_EQ(syscall(SYS_getpeername, client, &told, &length), 0);
  EXPECT_STREQ(told.sun_path, "/dev/shm/socket");
  char byte;
  ASSERT_EQ(syscall(SYS_recvfrom, server, &byte, 1, 0, nullptr, nullptr), 1);
  iovec data{&byte, 1};
  mmsghdr message{};
  message.msg_hdr.msg_iov = &data;
  message.msg_hdr.msg_iovlen = 1;
  ASSERT_EQ(syscall(SYS_sendmsg, client, &message.msg_hdr, 0), 1);
  ASSERT_EQ(syscall(SYS_sendmmsg, client, &message, 1, 0), 1);
  message.msg_hdr.msg_name = &told;
  for (const bool many : {false, true}) {
    told = {};
    message.msg_hdr.msg_namelen = sizeof told;
    EXPECT_EQ(many ? syscall(SYS_recvmmsg, server, &message, 1, 0, nullptr)
                   : syscall(SYS_recvmsg, server, &message.msg_hdr, 0),
              1);
    EXPECT_STREQ(told.sun_path, "/dev/shm/client");
  }
  close(client);
  close(server);

  const int listening = socket(AF_UNIX, SOCK_STREAM, 0), caller = socket(AF_UNIX, SOCK_STREAM, 0);
  for (const char* name : {"/dev/shm/socket", "/dev/shm/client"}) unlink(name);
  ASSERT_EQ(syscall(SYS_bind, listening, &address, sizeof address), 0);
  ASSERT_EQ(listen(listening, 2), 0);
  strcpy(told.sun_path, "/dev/shm/client");
  told.sun_family = AF_UNIX;
  ASSERT_EQ(syscall(SYS_bind, caller, &told, sizeof told), 0);
  ASSERT_EQ(syscall(SYS_connect, caller, &address, sizeof address), 0);
  told = {};
  length = sizeof told;
  const long accepted = syscall(SYS_accept4, listening, &told, &length, SOCK_CLOEXEC);
  EXPECT_GE(accepted, 0);
  EXPECT_STREQ(told.sun_path, "/dev/shm/client");
  for (const int fd : {static_cast<int>(accepted), listening, caller}) close(fd);
  for (const char* name : {"/dev/shm/socket", "/dev/shm/client"}) EXPECT_EQ(unlink(name), 0);
}

TEST_F(Syscall, LeavesWhatIsNotInTheOverlay) {
  const std::size_t before = log_size();
  EXPECT_EQ(syscall(SYS_openat, AT_FDCWD, "/dev/shmfoo/file", O_RDONLY), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(closed(syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY)), 0);
  EXPECT_EQ(syscall(SYS_newfstatat, AT_FDCWD, nullptr, &st, 0), -1);
  EXPECT_EQ(errno, EFAULT);
  EXPECT_EQ(syscall(SYS_statx, 0, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx), 0);
  EXPECT_EQ(syscall(SYS_fsconfig, -1, FSCONFIG_SET_STRING, "source", "/dev/shm/x", 0), -1);
  EXPECT_EQ(log_size(), before);
}

TEST_F(Syscall, HandsOnSixArgumentsAndUnknownNumbers) {
  make_file("/dev/shm/file", std::string(4096, 'a') + "b");
  const int fd = open("/dev/shm/file", O_RDONLY);
  const long at = syscall(SYS_mmap, nullptr, 4096, PROT_READ, MAP_PRIVATE, fd, 4096l);
  ASSERT_NE(at, -1) << strerror(errno);
  EXPECT_EQ(*reinterpret_cast<const char*>(at), 'b');
  close(fd);
  unlink("/dev/shm/file");
  for (const long number : {-1l, 511l, 512l, 100000l}) {
    EXPECT_EQ(syscall(number, 1, 2, 3, 4, 5, 6), -1);
    EXPECT_EQ(errno, ENOSYS);
  }
  EXPECT_EQ(syscall(SYS_getpid), getpid());
}

#if defined(__x86_64__)
/// Calls syscall() with few arguments, as the last thing on a page that can't be written: where a seventh argument
/// would be is a variable of the caller's, and it must not be written to, not even with what it holds already.
long call_before_a_read_only_page(long number, long a, long b, long c) {
  const long page = sysconf(_SC_PAGESIZE);
  char* const stack =
      static_cast<char*>(mmap(nullptr, 5 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  mprotect(stack + 4 * page, page, PROT_READ);
  // The return address is the last word that can be written.
  char* const top = stack + 4 * page;
  long result;
  __asm__ volatile(
      "mov %%rsp, %%rbx\n\t"
      "mov %[top], %%rsp\n\t"
      "xor %%eax, %%eax\n\t"
      "call *%[function]\n\t"
      "mov %%rbx, %%rsp"
      : "=&a"(result), "+D"(number), "+S"(a), "+d"(b), "+c"(c)
      : [top] "r"(top), [function] "r"(&syscall)
      : "rbx", "r8", "r9", "r10", "r11", "memory", "cc");
  munmap(stack, 5 * page);
  return result;
}

TEST_F(Syscall, DoesNotWriteToTheCallersVariables) {
  EXPECT_EQ(call_before_a_read_only_page(SYS_getpid, 0, 0, 0), getpid());
  const char* const path = "/dev/shm/marker";
  EXPECT_EQ(call_before_a_read_only_page(SYS_faccessat, AT_FDCWD, reinterpret_cast<long>(path), R_OK), 0);
}
#endif

}  // namespace
