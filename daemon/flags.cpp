// SPDX-License-Identifier: MIT
#include "flags.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/falloc.h>
#include <sys/stat.h>

#include <cstdio>
#include <initializer_list>

#include "fuse.h"

namespace devshmd {
namespace {

struct Flag {
  unsigned bits;
  const char* name;
};

/// The names of the flags that are set, and the rest as a number. In the list, flags of several bits come before their
/// parts.
std::string names_of(unsigned value, std::initializer_list<Flag> flags) {
  std::string text;
  for (const Flag& flag : flags) {
    if ((value & flag.bits) != flag.bits) continue;
    if (!text.empty()) text += '|';
    text += flag.name;
    value &= ~flag.bits;
  }
  if (value) text += fmt::format("{}{:#x}", text.empty() ? "" : "|", value);
  return text;
}

}  // namespace

std::string open_flags(int flags) {
  constexpr unsigned large_file = 0100000;  // the kernel sets it for every 64-bit program
  const char* access[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
  std::string text = access[flags & O_ACCMODE];
  const std::string more =
      names_of(static_cast<unsigned>(flags) & ~(O_ACCMODE | large_file | O_LARGEFILE), {{O_TMPFILE, "O_TMPFILE"},
                                                                                        {O_DIRECTORY, "O_DIRECTORY"},
                                                                                        {O_SYNC, "O_SYNC"},
                                                                                        {O_DSYNC, "O_DSYNC"},
                                                                                        {O_CREAT, "O_CREAT"},
                                                                                        {O_EXCL, "O_EXCL"},
                                                                                        {O_TRUNC, "O_TRUNC"},
                                                                                        {O_APPEND, "O_APPEND"},
                                                                                        {O_NONBLOCK, "O_NONBLOCK"},
                                                                                        {O_NOFOLLOW, "O_NOFOLLOW"},
                                                                                        {O_CLOEXEC, "O_CLOEXEC"},
                                                                                        {O_NOATIME, "O_NOATIME"},
                                                                                        {O_NOCTTY, "O_NOCTTY"},
                                                                                        {O_DIRECT, "O_DIRECT"},
                                                                                        {O_ASYNC, "O_ASYNC"}});
  return more.empty() ? text : text + "|" + more;
}

std::string open_flags(int flags, mode_t mode) { return fmt::format("{} {:04o}", open_flags(flags), mode & 07777); }

std::string mode_text(mode_t mode) {
  const char* type = S_ISFIFO(mode)   ? "S_IFIFO "
                     : S_ISSOCK(mode) ? "S_IFSOCK "
                     : S_ISCHR(mode)  ? "S_IFCHR "
                     : S_ISBLK(mode)  ? "S_IFBLK "
                                      : "";
  return fmt::format("{}{:04o}", type, mode & 07777);
}

std::string rename_flags(unsigned flags) {
  return names_of(flags, {{RENAME_NOREPLACE, "RENAME_NOREPLACE"},
                          {RENAME_EXCHANGE, "RENAME_EXCHANGE"},
                          {RENAME_WHITEOUT, "RENAME_WHITEOUT"}});
}

std::string fallocate_flags(int mode) {
  return names_of(static_cast<unsigned>(mode), {{FALLOC_FL_KEEP_SIZE, "FALLOC_FL_KEEP_SIZE"},
                                                {FALLOC_FL_PUNCH_HOLE, "FALLOC_FL_PUNCH_HOLE"},
                                                {FALLOC_FL_ZERO_RANGE, "FALLOC_FL_ZERO_RANGE"}});
}

std::string attribute_flags(int to_set) {
  return names_of(static_cast<unsigned>(to_set), {{FUSE_SET_ATTR_MODE, "mode"},
                                                  {FUSE_SET_ATTR_UID, "uid"},
                                                  {FUSE_SET_ATTR_GID, "gid"},
                                                  {FUSE_SET_ATTR_SIZE, "size"},
                                                  {FUSE_SET_ATTR_ATIME, "atime"},
                                                  {FUSE_SET_ATTR_MTIME, "mtime"},
                                                  {FUSE_SET_ATTR_ATIME_NOW, "atime_now"},
                                                  {FUSE_SET_ATTR_MTIME_NOW, "mtime_now"},
                                                  {FUSE_SET_ATTR_CTIME, "ctime"}});
}

}  // namespace devshmd
