// SPDX-License-Identifier: MIT
//
// Links in /proc, full paths and the working directory: what the kernel shows a program of its place.
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "resolved.h"

extern "C" {
ssize_t __readlink_chk(const char*, char*, size_t, size_t);
ssize_t __readlinkat_chk(int, const char*, char*, size_t, size_t);
char* __realpath_chk(const char*, char*, size_t);
char* __getcwd_chk(char*, size_t, size_t);
char* __getwd_chk(char*, size_t);
}

namespace {

using scratch::backing;
using scratch::write_file;

class Resolve : public scratch::Overlay {};

TEST_F(Resolve, DescriptorsAreShownInTheOverlay) {
  const File file("/dev/shm/a");
  EXPECT_EQ(link_of(fd_link(file.fd())), "/dev/shm/a");
  EXPECT_EQ(link_of("/dev/fd/" + std::to_string(file.fd())), "/dev/shm/a");
  EXPECT_EQ(link_of("/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(file.fd())), "/dev/shm/a");
  const File dir("/dev/shm", O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(link_of(fd_link(dir.fd())), "/dev/shm");
}

TEST_F(Resolve, DeletedFilesKeepTheirMark) {
  const File file("/dev/shm/a");
  unlink("/dev/shm/a");
  EXPECT_EQ(link_of(fd_link(file.fd())), "/dev/shm/a (deleted)");
}

TEST_F(Resolve, NeighboursAreNotShownInTheOverlay) {
  const std::string neighbour = backing() + "foo";
  const File file(neighbour);
  EXPECT_EQ(link_of(fd_link(file.fd())), neighbour);
  EXPECT_EQ(taken(realpath(neighbour.c_str(), nullptr)), neighbour);
  unlink(neighbour.c_str());
  EXPECT_EQ(link_of(fd_link(file.fd())), neighbour + " (deleted)");
  const std::string so_called = backing() + " (deleted)";
  ASSERT_EQ(mkdir(so_called.c_str(), 0700), 0);
  EXPECT_EQ(chdir(so_called.c_str()), 0);
  EXPECT_EQ(taken(getcwd(nullptr, 0)), so_called);
  rmdir(so_called.c_str());
}

TEST_F(Resolve, EveryBufferSizeGetsTheBeginningOfTheShownName) {
  const File file("/dev/shm/some file");
  const std::string shown = "/dev/shm/some file";
  for (size_t size = 1; size < shown.size() + 80; ++size) {
    std::string buffer(size + 8, '\0');
    const ssize_t length = readlink(fd_link(file.fd()).c_str(), buffer.data(), size);
    EXPECT_STREQ(buffer.c_str(), shown.substr(0, size).c_str()) << size;
    EXPECT_EQ(buffer.substr(size), std::string(8, '\0')) << size;
    EXPECT_EQ(static_cast<size_t>(length), std::min(size, shown.size()));
  }
  // And a neighbour's stays as it is, wherever it is cut.
  const std::string neighbour = backing() + "foo";
  const File other(neighbour);
  for (size_t size = 1; size < neighbour.size() + 4; ++size) {
    std::string buffer(size, '#');
    const ssize_t length = readlink(fd_link(other.fd()).c_str(), buffer.data(), size);
    EXPECT_EQ(buffer.substr(0, static_cast<size_t>(length)), neighbour.substr(0, size));
  }
  unlink(neighbour.c_str());
}

TEST_F(Resolve, ReadlinkFailsAsItDoes) {
  char text[8];
  EXPECT_EQ(readlink("/dev/shm/none", text, sizeof text), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(readlink("/dev/shm", text, sizeof text), -1);
  EXPECT_EQ(errno, EINVAL);
  errno = 77;
  const File file("/dev/shm/a");
  EXPECT_EQ(readlink(fd_link(file.fd()).c_str(), text, sizeof text), 8);
  EXPECT_EQ(errno, 77);
}

TEST_F(Resolve, ReadlinkatAndTheFortifiedTwins) {
  const File file("/dev/shm/a");
  const File proc("/proc/self/fd", O_RDONLY | O_DIRECTORY);
  const std::string name = std::to_string(file.fd());
  char text[64] = {};
  EXPECT_EQ(readlinkat(proc.fd(), name.c_str(), text, sizeof text), 10);
  EXPECT_STREQ(text, "/dev/shm/a");
  char again[64] = {};
  EXPECT_EQ(__readlinkat_chk(proc.fd(), name.c_str(), again, sizeof again, sizeof again), 10);
  EXPECT_STREQ(again, "/dev/shm/a");
  char third[64] = {};
  EXPECT_EQ(__readlink_chk(fd_link(file.fd()).c_str(), third, sizeof third, sizeof third), 10);
  EXPECT_STREQ(third, "/dev/shm/a");
  EXPECT_DEATH(__readlink_chk("/proc/self/exe", third, sizeof third + 1, sizeof third), "overflow");
  // The link itself, by a descriptor.
  const File link(fd_link(file.fd()), O_PATH | O_NOFOLLOW);
  char fourth[64] = {};
  EXPECT_EQ(readlinkat(link.fd(), "", fourth, sizeof fourth), 10);
  EXPECT_STREQ(fourth, "/dev/shm/a");
}

TEST_F(Resolve, TheTextOfALinkIsData) {
  const std::string texts[] = {backing() + "/x", std::string(getenv("DEVSHM_DIR")) + "/x", "/dev/shm/x", "x"};
  for (const std::string& text : texts) {
    ASSERT_EQ(symlink(text.c_str(), "/dev/shm/link"), 0);
    EXPECT_EQ(link_of("/dev/shm/link"), text);
    char cut[6];
    const ssize_t length = readlink("/dev/shm/link", cut, sizeof cut);
    EXPECT_EQ(std::string(cut, static_cast<size_t>(length)), text.substr(0, sizeof cut));
    unlink("/dev/shm/link");
  }
}

TEST_F(Resolve, MappedFilesAndTheWorkingDirectoryInProc) {
  const File file("/dev/shm/mapped");
  ASSERT_EQ(ftruncate(file.fd(), 4096), 0);
  void* at = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file.fd(), 0);
  ASSERT_NE(at, MAP_FAILED);
  char name[96];
  snprintf(name, sizeof name, "/proc/self/map_files/%lx-%lx", reinterpret_cast<unsigned long>(at),
           reinterpret_cast<unsigned long>(at) + 4096);
  const std::string seen = link_of(name);
  if (seen != "errno " + std::to_string(EPERM)) {
    EXPECT_EQ(seen, "/dev/shm/mapped");
  }
  munmap(at, 4096);
  ASSERT_EQ(chdir("/dev/shm"), 0);
  EXPECT_EQ(link_of("/proc/self/cwd"), "/dev/shm");
  EXPECT_EQ(link_of("/proc/thread-self/cwd"), "/dev/shm");
}

TEST_F(Resolve, RealpathShowsWhatIsInTheOverlay) {
  mkdir("/dev/shm/d", 0700);
  write_file("/dev/shm/d/f");
  ASSERT_EQ(symlink("d/f", "/dev/shm/link"), 0);
  char buffer[PATH_MAX];
  EXPECT_EQ(realpath("/dev/shm//d/./f", buffer), buffer);
  EXPECT_STREQ(buffer, "/dev/shm/d/f");
  EXPECT_STREQ(__realpath_chk("/dev/shm/d/../link", buffer, sizeof buffer), "/dev/shm/d/f");
  EXPECT_EQ(taken(realpath("/dev/shm/d", nullptr)), "/dev/shm/d");
  EXPECT_EQ(taken(realpath("/dev/shm", nullptr)), "/dev/shm");
  EXPECT_EQ(taken(canonicalize_file_name("/dev/shm/link")), "/dev/shm/d/f");
  EXPECT_EQ(taken(realpath((backing() + "/d").c_str(), nullptr)), "/dev/shm/d");
  ASSERT_EQ(chdir("/dev/shm/d"), 0);
  EXPECT_EQ(taken(realpath("f", nullptr)), "/dev/shm/d/f");
  EXPECT_EQ(taken(realpath("..", nullptr)), "/dev/shm");
  const File file("/dev/shm/d/f");
  EXPECT_EQ(taken(realpath(fd_link(file.fd()).c_str(), nullptr)), "/dev/shm/d/f");
}

TEST_F(Resolve, RealpathTellsHowFarItGot) {
  char buffer[PATH_MAX];
  EXPECT_EQ(realpath("/dev/shm/none/below", buffer), nullptr);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_STREQ(buffer, "/dev/shm/none");
  EXPECT_EQ(realpath("/dev/null/x", nullptr), nullptr);
  EXPECT_EQ(errno, ENOTDIR);
}

TEST_F(Resolve, GetcwdCountsTheShownName) {
  mkdir("/dev/shm/sub", 0700);
  ASSERT_EQ(chdir("/dev/shm/sub"), 0);
  const std::string shown = "/dev/shm/sub";
  EXPECT_EQ(taken(getcwd(nullptr, 0)), shown);
  EXPECT_EQ(taken(getcwd(nullptr, PATH_MAX)), shown);
  for (size_t size = 1; size < shown.size() + 60; ++size) {
    std::string buffer(size + 8, '#');
    errno = 0;
    char* const result = getcwd(buffer.data(), size);
    if (size <= shown.size()) {
      EXPECT_EQ(result, nullptr) << size;
      EXPECT_EQ(errno, ERANGE) << size;
    } else {
      EXPECT_EQ(result, buffer.data()) << size << " errno " << errno;
      EXPECT_STREQ(buffer.c_str(), shown.c_str());
    }
    EXPECT_EQ(buffer.substr(size), std::string(8, '#'));
    EXPECT_EQ(taken(getcwd(nullptr, size)), size <= shown.size() ? "errno " + std::to_string(ERANGE) : shown) << size;
  }
  char buffer[PATH_MAX];
  EXPECT_STREQ(__getcwd_chk(buffer, sizeof buffer, sizeof buffer), shown.c_str());
  EXPECT_STREQ(__getwd_chk(buffer, sizeof buffer), shown.c_str());
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  EXPECT_STREQ(getwd(buffer), shown.c_str());
#pragma GCC diagnostic pop
  EXPECT_EQ(getcwd(buffer, 0), nullptr);
  EXPECT_EQ(errno, EINVAL);
}

TEST_F(Resolve, CurrentDirNameTrustsPwd) {
  mkdir("/dev/shm/d", 0700);
  ASSERT_EQ(symlink("d", "/dev/shm/by-link"), 0);
  ASSERT_EQ(chdir("/dev/shm/d"), 0);
  setenv("PWD", "/dev/shm/by-link", 1);
  EXPECT_EQ(taken(get_current_dir_name()), "/dev/shm/by-link");
  setenv("PWD", "/dev/shm/none", 1);
  EXPECT_EQ(taken(get_current_dir_name()), "/dev/shm/d");
  setenv("PWD", "/", 1);
  EXPECT_EQ(taken(get_current_dir_name()), "/dev/shm/d");
  unsetenv("PWD");
  EXPECT_EQ(taken(get_current_dir_name()), "/dev/shm/d");
}

}  // namespace
