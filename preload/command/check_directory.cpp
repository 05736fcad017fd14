// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../settings.h"
#include "../store/kernel.h"
#include "../store/make_root.h"
#include "../sys.h"
#include "check.h"

namespace devshm {
namespace {

const char* file_system_name(unsigned long type) {
  switch (type) {
    case 0x01021994: return "tmpfs";
    case 0xef53: return "ext4";
    case 0x58465342: return "xfs";
    case 0x9123683e: return "btrfs";
    case 0x794c7630: return "overlay";
    case 0x6969: return "nfs";
    case 0x65735546: return "fuse";
    case 0x01021997: return "9p";
    default: return "another kind";
  }
}

void add_size(LineWriter& line, unsigned long long bytes) { line.add(static_cast<long>(bytes >> 20)).add(" MiB"); }

bool is_there(const char* path) {
  struct stat found;
  return sys::fstatat(AT_FDCWD, path, &found, AT_SYMLINK_NOFOLLOW) == 0;
}

/// Calls `visit` with each name of three letters in /tmp that begins with a dot, as a short link's does.
template <class Visit>
void for_each_short_name(Visit visit) {
  DIR* dir = opendir("/tmp");
  if (!dir) return;
  while (const dirent* entry = readdir(dir))
    if (entry->d_name[0] == '.' && strlen(entry->d_name) == 3) visit(entry->d_name);
  closedir(dir);
}

int remove_it(const char* path, const struct stat*, int, struct FTW*) {
  remove(path);
  return 0;
}

}  // namespace

Leftovers::Leftovers() : set_(settings()), had_root_(is_there(store::own_root(set_.dir).c_str())) {
  const char* dir = set_.dir;
  char path[PATH_MAX];
  for (std::size_t i = 1; i <= set_.dir_length && !missing_from_; ++i) {
    if (dir[i] != '/' && dir[i] != '\0') continue;
    memcpy(path, dir, i);
    path[i] = '\0';
    if (!is_there(path)) missing_from_ = i;
  }
  struct stat found;
  if (!missing_from_ && geteuid() == 0 && sys::fstatat(AT_FDCWD, dir, &found, AT_SYMLINK_NOFOLLOW) == 0)
    would_take_over_ = S_ISDIR(found.st_mode) && found.st_uid != 0;
  for_each_short_name([this](const char* name) {
    if (link_count_ < most_links) memcpy(links_[link_count_++], name, 4);
  });
}

Leftovers::~Leftovers() {
  const char* dir = set_.dir;
  for_each_short_name([&](const char* name) {
    for (std::size_t i = 0; i < link_count_; ++i)
      if (memcmp(links_[i], name, 4) == 0) return;
    char path[] = "/tmp/.xy", text[PATH_MAX];
    memcpy(path + 5, name, 3);
    const ssize_t length = readlink(path, text, sizeof text);
    if (length == static_cast<ssize_t>(set_.dir_length) && memcmp(text, dir, set_.dir_length) == 0) unlink(path);
  });
  if (!missing_from_) return;
  char path[PATH_MAX];
  memcpy(path, dir, set_.dir_length + 1);
  for (std::size_t i = set_.dir_length; i >= missing_from_; --i) {
    if (dir[i] != '/' && dir[i] != '\0') continue;
    path[i] = '\0';
    if (sys::rmdir(path) != 0) break;  // somebody else has put something there
    if (i == set_.dir_length && !had_root_) remove_root();
  }
}

/// Removes the memory store, whose objects have no names, because the directory was empty. Its keeper ends when it
/// finds the lock file gone, and may put something into the pool until then.
void Leftovers::remove_root() const {
  constexpr int tries = 10'000;  // of a millisecond: on a busy machine the keeper may not run for a while
  const store::Root root = store::own_root(set_.dir);
  if (!root.fits() || !is_there(root.c_str())) return;
  sys::unlinkat(AT_FDCWD, root.entry("lock").c_str());
  for (int i = 0; i < tries && is_there(root.c_str()); ++i) {
    nftw(root.c_str(), remove_it, 8, FTW_DEPTH | FTW_PHYS);
    if (is_there(root.c_str())) sys::sleep_microseconds(1000);
  }
}

void check_directory(CheckReport& report) {
  const Settings& set = settings();
  struct stat found;
  Line<1024> line;
  line.add(set.dir);
  const int result = sys::fstatat(AT_FDCWD, set.dir, &found, AT_SYMLINK_NOFOLLOW);
  if (result != 0 || !S_ISDIR(found.st_mode)) {
    line.add(result == -ENOENT ? " can't be made" : result ? " can't be looked at" : " is not a directory");
    report.row("directory", line.c_str(), false);
    report.advice("set DEVSHM_DIR to a directory that can be written, or that can be made");
    return;
  }
  const char mode[] = {
      static_cast<char>('0' + (found.st_mode >> 9 & 7)), static_cast<char>('0' + (found.st_mode >> 6 & 7)),
      static_cast<char>('0' + (found.st_mode >> 3 & 7)), static_cast<char>('0' + (found.st_mode & 7)), '\0'};
  line.add(", mode ").add(mode).add(", user ").add(static_cast<long>(found.st_uid));
  const bool writable = sys::access(set.dir, W_OK | X_OK) == 0;
  report.row("directory", line.c_str(), writable);
  if (!writable) report.advice("this user can't write there; set DEVSHM_DIR to another directory");
  if ((found.st_mode & 07777) != 01777) report.advice("other users can't share it: chmod 1777 makes it like /dev/shm");

  struct statfs fs;
  if (sys::statfs(set.dir, &fs) != 0) return;
  Line<256> room;
  room.add(file_system_name(static_cast<unsigned long>(fs.f_type))).add(", ");
  add_size(room, static_cast<unsigned long long>(fs.f_bavail) * static_cast<unsigned long long>(fs.f_bsize));
  room.add(" free of ");
  add_size(room, static_cast<unsigned long long>(fs.f_blocks) * static_cast<unsigned long long>(fs.f_bsize));
  report.row("file system", room.c_str(), fs.f_bavail > 0);
  if (!fs.f_bavail) report.advice("it is full: free some space, or set DEVSHM_DIR to another file system");
}

}  // namespace devshm
