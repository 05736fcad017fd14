// SPDX-License-Identifier: MIT
#include "backing_dir.h"

#include <alloca.h>
#include <errno.h>
#include <time.h>

#include <atomic>

#include "report.h"
#include "settings.h"
#include "sys.h"

namespace devshm {
namespace {

constexpr mode_t dir_mode = 01777;

constinit std::atomic<bool> usable{false};

const char* reason(int error) {
  switch (error) {
    case EROFS: return "the file system is read-only";
    case ENOSPC: return "the file system is full";
    case EDQUOT: return "the disk quota is used up";
    case EACCES:
    case EPERM: return "permission denied";
    case ENOENT: return "the directory above it is missing";
    case ENOTDIR: return "a part of the path is not a directory";
    case ELOOP: return "too many symbolic links";
    case ENAMETOOLONG: return "the path is too long";
    default: return "the system call failed";
  }
}

/// What the kernel said no to. Gives `error` back.
int complain(const char* what, const char* dir, int error) {
  say_once(Topic::directory,
           {what, dir, ": ", reason(error), " (errno ", error, "); set DEVSHM_DIR to another directory"});
  return error;
}

/// What lies there, `path`, is nothing to be trusted. Gives `error` back.
int refuse(const char* path, const char* why, int error) {
  say_once(Topic::directory, {path, why, "; remove it, or set DEVSHM_DIR to another directory"});
  return error;
}

/// 0 if it belongs to root or to us.
int refuse_strangers(const char* path, const struct stat& found) {
  if (found.st_uid == 0 || found.st_uid == sys::geteuid()) return 0;
  Line<64> why;
  why.add(" belongs to user ").add(static_cast<long>(found.st_uid)).add(", not to root or to you");
  return refuse(path, why.c_str(), EACCES);
}

char* part_end(char* part) {
  while (*part && *part != '/') ++part;
  return part;
}

/// The directories above: anyone could have made what lies in one that all may write to, and could exchange what is
/// below it later. 0 if there is none such that is a stranger's; what is missing is for the next step.
int inspect_way(const Settings& set) {
  char* path = static_cast<char*>(alloca(set.dir_length + 1));
  __builtin_memcpy(path, set.dir, set.dir_length + 1);
  bool open_to_all = false;
  for (char* slash = part_end(path + 1); *slash;) {
    char* next = part_end(slash + 1);
    if (!*next && !open_to_all) break;  // nothing hangs on what this one lets others do
    *slash = '\0';
    struct stat found;
    if (sys::fstatat(AT_FDCWD, path, &found, AT_SYMLINK_NOFOLLOW) != 0) break;
    if (open_to_all && refuse_strangers(path, found)) return EACCES;
    if (S_ISLNK(found.st_mode) && sys::fstatat(AT_FDCWD, path, &found, 0) != 0) break;
    open_to_all = found.st_mode & S_IWOTH;
    *slash = '/';
    slash = next;
  }
  return 0;
}

/// 0 if the directory is there and can be trusted, else the errno value to fail with; ENOENT if it is not there.
int inspect(const char* dir) {
  struct stat found;
  const int result = sys::fstatat(AT_FDCWD, dir, &found, AT_SYMLINK_NOFOLLOW);
  if (result < 0) {
    return result == -ENOENT ? ENOENT : complain("can't look at ", dir, -result);
  }
  if (S_ISLNK(found.st_mode)) return refuse(dir, " is a symbolic link, which could lead anywhere", ELOOP);
  if (!S_ISDIR(found.st_mode)) return refuse(dir, " is not a directory", ENOTDIR);
  return refuse_strangers(dir, found);
}

/// Makes the directories above `dir`, like mkdir -p. Cuts `path`, a copy of it, while at work.
void make_parents(char* path) {
  for (char* slash = part_end(path + 1); *slash; slash = part_end(slash + 1)) {
    *slash = '\0';
    sys::mkdir(path, 0755);  // what is there already, or can't be made, shows at the next step
    *slash = '/';
  }
}

/// Makes the directory so that it is never seen with a lesser mode than it will have: aside first, then renamed.
int make(const Settings& set) {
  const char* dir = set.dir;
  std::size_t parent_length = set.dir_length;  // with its slash
  while (dir[parent_length - 1] != '/') --parent_length;
  constexpr std::size_t name_size = 48;
  char* aside = static_cast<char*>(alloca(parent_length + name_size));
  bool parents_made = false;
  for (long attempt = 0; attempt < 100; ++attempt) {
    Line<name_size> unique;
    unique.add(".devshm.new.").add(sys::gettid()).add(".").add(attempt);
    __builtin_memcpy(aside, dir, parent_length);
    __builtin_memcpy(aside + parent_length, unique.c_str(), unique.size() + 1);

    int result = sys::mkdir(aside, 0700);
    if (result == -EEXIST) continue;
    if (result == -ENOENT && !parents_made) {
      make_parents(aside);
      parents_made = true;
      continue;
    }
    if (result < 0) return -result;

    sys::chmod(aside, dir_mode);
    result = sys::rename_noreplace(aside, dir);
    if (result == 0) return 0;
    sys::rmdir(aside);
    if (result == -EEXIST) return 0;  // somebody was faster; it is looked at next
    // A kernel or file system without RENAME_NOREPLACE: by the short way, with a moment of the umask's mode.
    result = sys::mkdir(dir, dir_mode);
    if (result == 0) sys::chmod(dir, dir_mode);
    return result == -EEXIST ? 0 : -result;
  }
  return EEXIST;
}

/// Was it made in the last moments? Then another thread or process may have been faster with what is to be done here.
bool is_new(const char* dir) {
  struct statx found;
  struct timespec now;
  if (sys::statx(dir, STATX_BTIME, &found) != 0 || !(found.stx_mask & STATX_BTIME)) return false;
  if (sys::clock_gettime(CLOCK_REALTIME, &now) != 0) return false;
  return now.tv_sec - found.stx_btime.tv_sec < 2;
}

int make_and_inspect() {
  const Settings& set = settings();
  for (int attempt = 0; attempt < 8; ++attempt) {  // others may be removing it as we go
    if (const int error = inspect_way(set)) return error;
    int error = inspect(set.dir);
    if (error == ENOENT) {
      error = make(set);
      if (error == 0) continue;
      complain("can't make ", set.dir, error);
    }
    if (error == 0) usable.store(true, std::memory_order_relaxed);
    return error;
  }
  return ENOENT;
}

}  // namespace

int ensure_backing_dir() { return usable.load(std::memory_order_relaxed) ? 0 : make_and_inspect(); }

bool backing_dir_was_remade() {
  const int error = inspect(settings().dir);
  if (error == 0) return is_new(settings().dir);
  if (error != ENOENT) return false;
  usable.store(false, std::memory_order_relaxed);
  return make_and_inspect() == 0;
}

}  // namespace devshm
