// SPDX-License-Identifier: MIT
#include "support.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

// Only there where coverage is counted: a child that ends with _exit would leave nothing behind.
extern "C" __attribute__((weak)) void __gcov_dump(void);

namespace support {
namespace {

constexpr unsigned child_seconds = 120;

void use_environment(const Environment& environment) {
  std::vector<std::string> old_names;
  for (char** entry = environ; *entry; ++entry)
    if (std::strncmp(*entry, "DEVSHM_", 7) == 0) old_names.emplace_back(*entry, std::strcspn(*entry, "="));
  for (const std::string& name : old_names) unsetenv(name.c_str());
  for (const auto& [name, value] : environment) setenv(name, value.c_str(), 1);
}

std::string read_to_the_end(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) != 0;) {
    if (size > 0)
      text.append(buffer, static_cast<size_t>(size));
    else if (errno != EINTR)
      break;
  }
  return text;
}

bool write_proc(const char* name, const std::string& text) {
  const int fd = open(name, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return written;
}

/// For those who are not root: root in a user namespace may mount.
bool enter_user_namespace() {
  const unsigned user = geteuid(), group = getegid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  return write_proc("/proc/self/setgroups", "deny") &&
         write_proc("/proc/self/uid_map", "0 " + std::to_string(user) + " 1") &&
         write_proc("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
}

/// Asks in a child, as there is no way back from most answers.
bool child_can(bool (*thing)()) {
  const pid_t child = fork();
  if (child == 0) _exit(thing() ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  return status == 0;
}

}  // namespace

ScratchDir::ScratchDir() : path_(std::filesystem::temp_directory_path() / "devshm-unit-XXXXXX") {
  if (!mkdtemp(path_.data())) throw std::system_error(errno, std::generic_category(), path_);
  chmod(path_.c_str(), 0755);  // tests go on as another user in it
}

ScratchDir::~ScratchDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string in_child(const Environment& environment, const std::function<void()>& work) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    alarm(child_seconds);
    dup2(ends[1], STDERR_FILENO);
    use_environment(environment);
    work();
    std::fflush(nullptr);
    if (__gcov_dump) __gcov_dump();
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  close(ends[1]);
  const std::string said = read_to_the_end(ends[0]);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFSIGNALED(status))
    ADD_FAILURE() << "the child was killed by signal " << WTERMSIG(status) << "; it said: " << said;
  else if (status != 0)
    ADD_FAILURE() << "the child failed; it said: " << said;
  return said;
}

void in_silent_child(const Environment& environment, const std::function<void()>& work) {
  EXPECT_EQ(in_child(environment, work), "");
}

bool enter_private_mounts() {
  if (unshare(CLONE_NEWNS) != 0 && !enter_user_namespace()) return false;
  return mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

bool bind_over_tmp(const std::string& dir) { return mount(dir.c_str(), "/tmp", nullptr, MS_BIND, nullptr) == 0; }

void protect_dev_shm() {
  if (mount("none", "/dev/shm", "tmpfs", MS_RDONLY, nullptr) != 0) {
    EXPECT_EQ(errno, ENOENT);
  }
}

void become_nobody() {
  ASSERT_EQ(setgroups(0, nullptr), 0);
  ASSERT_EQ(setgid(nobody), 0);
  ASSERT_EQ(setuid(nobody), 0);
}

std::string lacks_private_mounts() {
  static const bool possible = child_can(enter_private_mounts);
  return possible ? "" : "no right to make a private mount namespace";
}

std::string lacks_other_users() {
  static const bool possible =
      child_can([] { return setgroups(0, nullptr) == 0 && setgid(nobody) == 0 && setuid(nobody) == 0; });
  return possible ? "" : "no right to act as another user";
}

void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::vector<std::string> names_in(const std::string& dir) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace support
