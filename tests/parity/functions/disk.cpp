// SPDX-License-Identifier: MIT
#include "disk.h"

#include <linux/limits.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "../../../preload/store/names.h"
#include "ground.h"

namespace parity {
namespace {

/// Whether this is what the link says that is the name of an object of the memory store.
bool parse(const std::string& text, devshm::store::ObjectName& object) {
  devshm::store::LinkText link;
  if (!devshm::store::parse_link(text.data(), text.size(), link)) return false;
  object = link.object;
  return true;
}

bool is_object_name(const std::string& path) {
  devshm::store::ObjectName object;
  return parse(link_text_of(path), object);
}

/// Where in a directory the object's name is; empty if nowhere.
std::string name_of(const std::string& object, const std::string& dir) {
  std::string found;
  for_each_entry(dir, [&](const std::string& name) {
    const std::string path = dir + "/" + name;
    struct stat file;
    if (!found.empty() || raw(SYS_newfstatat, AT_FDCWD, path.c_str(), &file, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (S_ISDIR(file.st_mode)) found = name_of(object, path);
    if (S_ISLNK(file.st_mode) && link_text_of(path).ends_with("/" + object)) found = path;
  });
  return found;
}

/// What the kernel says of an object's descriptor, with the object's name in place of the memfd's.
std::string with_object_name(const std::string& text) {
  constexpr std::string_view head = "/memfd:devshm:", tail = " (deleted)";
  if (!text.starts_with(head) || !text.ends_with(tail)) return text;
  const std::string name = name_of(text.substr(head.size(), text.size() - head.size() - tail.size()), real_shm());
  return name.empty() ? real_shm() + "/#" : name;
}

}  // namespace

bool look(const std::string& path, struct stat& out) {
  if (raw(SYS_newfstatat, AT_FDCWD, path.c_str(), &out, AT_SYMLINK_NOFOLLOW) != 0) return false;
  if (!S_ISLNK(out.st_mode) || !is_object_name(path)) return true;
  const struct stat link = out;
  if (raw(SYS_newfstatat, AT_FDCWD, path.c_str(), &out, 0) != 0) return false;
  out.st_nlink = link.st_nlink;
  const auto is_later = [](const timespec& a, const timespec& b) {
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
  };
  if (is_later(link.st_ctim, out.st_ctim)) out.st_ctim = link.st_ctim;
  return true;
}

void remove_all(const std::string& path) {
  struct stat file;
  if (!look(path, file)) return;
  if (S_ISDIR(file.st_mode)) for_each_entry(path, [&](const std::string& name) { remove_all(path + "/" + name); });
  raw(SYS_unlinkat, AT_FDCWD, path.c_str(), S_ISDIR(file.st_mode) ? AT_REMOVEDIR : 0);
}

std::string content_of(const std::string& path) {
  const long fd = raw(SYS_openat, AT_FDCWD, path.c_str(), O_RDONLY | O_NOATIME | O_CLOEXEC);
  if (fd < 0) return "unreadable";
  char buffer[64];
  const long size = raw(SYS_read, fd, buffer, sizeof buffer);
  raw(SYS_close, fd);
  std::string content;
  for (long i = 0; i < size; ++i) content += buffer[i] >= ' ' && buffer[i] < 127 ? buffer[i] : '?';
  return '"' + content + '"';
}

std::string link_text_of(const std::string& path) {
  char buffer[PATH_MAX];
  const long size = raw(SYS_readlinkat, AT_FDCWD, path.c_str(), buffer, sizeof buffer);
  return size < 0 ? "?" : std::string(buffer, static_cast<std::size_t>(size));
}

std::string attributes_of(const std::string& path) {
  char names[1024], value[64];
  const bool is_object = is_object_name(path);  // its name's own attributes are not the object's
  const long size = raw(is_object ? SYS_listxattr : SYS_llistxattr, path.c_str(), names, sizeof names);
  std::string shown;
  for (long at = 0; at < size; at += static_cast<long>(strlen(names + at)) + 1) {
    const long length = raw(is_object ? SYS_getxattr : SYS_lgetxattr, path.c_str(), names + at, value, sizeof value);
    shown += std::string(" ") + (names + at) + "=" + std::string(value, length > 0 ? length : 0);
  }
  return shown;
}

std::string describe(const struct stat& file) {
  const char* type = S_ISREG(file.st_mode)    ? "regular"
                     : S_ISDIR(file.st_mode)  ? "directory"
                     : S_ISLNK(file.st_mode)  ? "link"
                     : S_ISFIFO(file.st_mode) ? "fifo"
                     : S_ISCHR(file.st_mode)  ? "character device"
                     : S_ISBLK(file.st_mode)  ? "block device"
                                              : "socket";
  char text[128];
  int length = snprintf(text, sizeof text, "%s %04o", type, file.st_mode & 07777);
  const auto add = [&](const char* format, long value) {
    length += snprintf(text + length, sizeof text - static_cast<std::size_t>(length), format, value);
  };
  if (S_ISREG(file.st_mode)) add(" %ld bytes", file.st_size);
  if (!S_ISDIR(file.st_mode) && file.st_nlink != 1) add(" %ld links", static_cast<long>(file.st_nlink));
  if (file.st_uid != getuid()) add(" uid %ld", file.st_uid);
  if (file.st_gid != getgid()) add(" gid %ld", file.st_gid);
  return text;
}

std::string describe(const struct statx& file) {
  struct stat same {};
  same.st_mode = file.stx_mode;
  same.st_size = static_cast<off_t>(file.stx_size);
  same.st_nlink = file.stx_nlink;
  same.st_uid = file.stx_uid;
  same.st_gid = file.stx_gid;
  return describe(same);
}

std::string location_of(int fd) {
  std::string location = with_object_name(link_text_of("/proc/self/fd/" + std::to_string(fd)));
  const std::string& shm = real_shm();
  if (location == shm || location.starts_with(shm + "/") || location == shm + " (deleted)")
    location.replace(0, shm.size(), "/dev/shm");
  // A file that has never had a name is given one by the kernel, with its inode number.
  if (const auto at = location.find("/#"); at != std::string::npos)
    location.replace(at + 1, std::string::npos, "unnamed");
  return without_random(location);
}

std::string without_random(std::string text) {
  for (auto at = text.find("tmp-"); at != std::string::npos; at = text.find("tmp-", at + 1)) {
    const std::string letters = text.substr(at + 4, 6);
    const bool filled = letters.size() == 6 && letters != "XXXXXX" &&
                        std::all_of(letters.begin(), letters.end(), [](unsigned char c) { return isalnum(c); });
    if (filled) text.replace(at + 4, 6, "??????");
  }
  return text;
}

}  // namespace parity
