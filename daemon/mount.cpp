// SPDX-License-Identifier: MIT
#include "mount.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "log.h"

extern char** environ;

namespace devshmd {
namespace {

/// mountinfo writes a space as \040, for example.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '\\' && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string real(const std::string& path) {
  char* found = realpath(path.c_str(), nullptr);
  if (!found) return {};
  std::string text = found;
  free(found);
  return text;
}

/// Without the right to call umount(2), fusermount3 does it, which is setuid.
int detach_by_helper(const std::string& path) {
  std::string helper = "fusermount3", flags = "-uzq", point = path;
  char* arguments[] = {helper.data(), flags.data(), point.data(), nullptr};
  pid_t child;
  if (posix_spawnp(&child, helper.c_str(), nullptr, nullptr, arguments, environ) != 0) return EPERM;
  int status;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EPERM;
}

}  // namespace

std::vector<MountEntry> parse_mountinfo(std::string_view text) {
  std::vector<MountEntry> entries;
  std::istringstream lines{std::string(text)};
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string id, parent, device, root, point, word, type;
    words >> id >> parent >> device >> root >> point;
    while (words >> word && word != "-") {
    }
    words >> type;
    if (!type.empty()) entries.push_back({device, unescape(point), type});
  }
  return entries;
}

std::vector<MountEntry> mounts() {
  std::ifstream file("/proc/self/mountinfo");
  std::stringstream text;
  text << file.rdbuf();
  return parse_mountinfo(text.str());
}

MountEntry mount_at(const std::string& point) {
  const std::vector<MountEntry> all = mounts();
  const auto found =
      std::find_if(all.rbegin(), all.rend(), [&](const MountEntry& entry) { return entry.point == point; });
  return found == all.rend() ? MountEntry{} : *found;
}

std::string absolute(const std::string& path) {
  if (std::string whole = real(path); !whole.empty()) return whole;
  std::string text = path;
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  const std::size_t slash = text.rfind('/');
  const std::string last = slash == std::string::npos ? text : text.substr(slash + 1);
  const std::string above = real(slash == std::string::npos ? "." : slash == 0 ? "/" : text.substr(0, slash));
  if (above.empty()) return path;
  return (above == "/" ? "" : above) + "/" + last;
}

bool is_dead(const std::string& path) {
  struct stat ignored;
  return stat(path.c_str(), &ignored) < 0 && errno == ENOTCONN;
}

int detach(const std::string& path) {
  if (umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return 0;
  const int error = errno;
  return error == EPERM ? detach_by_helper(path) : error;
}

bool detach_device(const std::string& device) {
  bool all = true;
  const std::vector<MountEntry> entries = mounts();
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (entry->device != device) continue;
    all = mount_at(entry->point).device == device && detach(entry->point) == 0 && all;
  }
  return all;
}

int replace_dead(const std::string& path) {
  while (is_dead(path)) {
    const int error = detach(path);
    if (error) return error;
    say("{}: a mount whose daemon has gone was still there; it has been detached", path);
  }
  return 0;
}

int mount_fuse(int fuse_fd, const std::string& point, const MountWish& wish) {
  const std::string data =
      fmt::format("fd={},rootmode=40000,user_id={},group_id={}{}{}", fuse_fd, geteuid(), getegid(),
                  wish.allow_other ? ",allow_other" : "", wish.kernel_checks_permissions ? ",default_permissions" : "");
  const unsigned long flags = MS_NOSUID | MS_NODEV | (wish.exec ? 0 : MS_NOEXEC);
  return mount(mount_source, point.c_str(), mount_type, flags, data.c_str()) == 0 ? 0 : errno;
}

int bind_mount(const std::string& from, const std::string& to) {
  return mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) == 0 ? 0 : errno;
}

std::string lift_dirty_limit(const std::string& device) {
  const std::pair<const char*, const char*> settings[] = {{"strict_limit", "0"}, {"max_ratio", "100"}};
  for (const auto& [name, value] : settings) {
    const std::string path = fmt::format("/sys/class/bdi/{}/{}", device, name);
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    const ssize_t put = fd < 0 ? -1 : write(fd, value, std::strlen(value));
    const int error = errno;
    if (fd >= 0) close(fd);
    if (put < 0) return fmt::format("{}: {}", path, explain(error));
  }
  return {};
}

}  // namespace devshmd
