// SPDX-License-Identifier: MIT
#include "backing_dir.h"

#include <alloca.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "libc_constant.h"
#include "ownership.h"
#include "real_dev_shm.h"
#include "report.h"
#include "settings.h"
#include "sys.h"
#include "take_over.h"

namespace devshm {
namespace {

constexpr mode_t dir_mode = 01777;

constinit Trust usable;
/// Whether this process may have created something in the directory.
constinit std::atomic<bool> used{false};
/// The first half of f_fsid (statfs(2)) of its file system; 0 if unknown.
constinit std::atomic<int> file_system{0};

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

bool can_stand_aside() { return !used.load(std::memory_order_relaxed) && real_dev_shm_will_do(); }

/// Whether the directory is the default one, which nobody asked for.
bool is_standard() {
  return same(settings().dir, setting_rows[static_cast<std::size_t>(Setting::DEVSHM_DIR)].standard);
}

enum class Suspicious : bool { no, yes };

/// Reports a directory that can't be used. Returns what ensure_backing_dir() is to return.
int give_up(int error, Suspicious suspicious, std::initializer_list<Piece> what, std::initializer_list<Piece> advice) {
  const bool aside = can_stand_aside();
  if (!aside || suspicious == Suspicious::yes || !is_standard()) {
    const std::initializer_list<Piece> instead = {"; /dev/shm itself is used"};
    say_once(Topic::directory, what, aside ? instead : advice);
  }
  if (!aside) return error;
  undo_constant();  // an earlier dlopen may have changed it
  stand_aside();
  return real_one_serves;
}

/// Gives up because of a system call that failed.
int complain(const char* what, const char* dir, int error) {
  return give_up(error, Suspicious::no, {what, dir, ": ", reason(error), " (errno ", error, ")"},
                 {"; set DEVSHM_DIR to another directory"});
}

/// Gives up because what is at `path` can't be trusted.
int refuse(const char* path, const char* why, int error) {
  return give_up(error, Suspicious::yes, {path, why}, {"; remove it, or set DEVSHM_DIR to another directory"});
}

/// Gives up because another user owns the directory, or one above it.
int refuse_owner(const char* path, Owner owner, uid_t user) {
  if (owner == Owner::hidden)
    return give_up(EACCES, Suspicious::no,
                   {path, " belongs to a user outside this user namespace, which may be anybody"},
                   {"; set DEVSHM_DIR to a directory of your own"});
  const bool is_above = !same(path, settings().dir);
  return give_up(EACCES, Suspicious::yes,
                 {path, " belongs to user ", static_cast<long>(user), ", not to root or to you"},
                 {is_above ? "; remove it" : "; as root, make it everybody's: install -d -m 1777 -o root ",
                  is_above ? "" : path, ", or set DEVSHM_DIR to another directory"});
}

bool is_trusted(Owner owner) { return owner == Owner::root || owner == Owner::ours; }

char* part_end(char* part) {
  while (*part && *part != '/') ++part;
  return part;
}

/// What was found about the directory and those above it.
struct Findings {
  int error = 0;
  Owner least = Owner::root;  ///< ours, unless root owns everything that counts

  void add(const char* path, const struct stat& found) {
    const Owner owner = owner_of(path, found);
    if (owner == Owner::ours) least = owner;
    if (!is_trusted(owner)) error = refuse_owner(path, owner, found.st_uid);
  }
};

/// Inspects the directories above. If all users may write to one, any of them could have created what is in it, and
/// could exchange what is below later. A missing directory is left to the next step.
void inspect_way(const Settings& set, Findings& findings) {
  char* path = static_cast<char*>(alloca(set.dir_length + 1));
  __builtin_memcpy(path, set.dir, set.dir_length + 1);
  bool open_to_all = false;
  for (char* slash = part_end(path + 1); *slash;) {
    char* next = part_end(slash + 1);
    if (!*next && !open_to_all) break;  // nothing depends on the mode of this one
    *slash = '\0';
    struct stat found;
    if (sys::fstatat(AT_FDCWD, path, &found, AT_SYMLINK_NOFOLLOW) != 0) break;
    if (open_to_all) findings.add(path, found);
    if (findings.error) return;
    if (S_ISLNK(found.st_mode) && sys::fstatat(AT_FDCWD, path, &found, 0) != 0) break;
    open_to_all = found.st_mode & S_IWOTH;
    *slash = '/';
    slash = next;
  }
}

/// Whether a process of root is taking it over. If so, waits for a moment.
bool is_being_taken_over(const struct stat& found) {
  if (found.st_uid != owner_in_between) return false;
  const struct timespec moment = {0, 1'000'000};
  sys::nanosleep(&moment);
  return true;
}

enum class Next { use, look_again, give_up };

/// Looks at the directory itself.
Next inspect(const char* dir, Findings& findings) {
  struct stat found;
  const int result = sys::fstatat(AT_FDCWD, dir, &found, AT_SYMLINK_NOFOLLOW);
  if (result == -ENOENT)
    findings.error = ENOENT;
  else if (result < 0)
    findings.error = complain("can't look at ", dir, -result);
  else if (S_ISLNK(found.st_mode))
    findings.error = refuse(dir, " is a symbolic link, which could lead anywhere", ELOOP);
  else if (!S_ISDIR(found.st_mode))
    findings.error = refuse(dir, " is not a directory", ENOTDIR);
  else if (is_trusted(owner_of(dir, found)) || !(acts_as_root() ? take_over(dir) == 0 : is_being_taken_over(found)))
    findings.add(dir, found);
  else
    return Next::look_again;
  return findings.error ? Next::give_up : Next::use;
}

/// Creates the directories above `path`, like mkdir -p. Shortens `path` while it works.
void make_parents(char* path) {
  for (char* slash = part_end(path + 1); *slash; slash = part_end(slash + 1)) {
    *slash = '\0';
    sys::mkdir(path, 0755);  // an error shows at the next step
    *slash = '/';
  }
}

/// Creates the directory under another name and then renames it, so that it is never seen with fewer permissions.
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
    if (result == -EEXIST) return 0;  // another process was faster; the caller looks at its directory
    // This kernel or file system lacks RENAME_NOREPLACE: create it in place, where it has the umask's mode for a
    // moment.
    result = sys::mkdir(dir, dir_mode);
    if (result == 0) sys::chmod(dir, dir_mode);
    return result == -EEXIST ? 0 : -result;
  }
  return EEXIST;
}

/// Whether it was created within the last two seconds: another thread or process may have done what the caller wants.
bool is_new(const char* dir) {
  struct statx found;
  struct timespec now;
  if (sys::statx(dir, STATX_BTIME, &found) != 0 || !(found.stx_mask & STATX_BTIME)) return false;
  if (sys::clock_gettime(CLOCK_REALTIME, &now) != 0) return false;
  return now.tv_sec - found.stx_btime.tv_sec < 2;
}

/// A directory that can't be written may hold files to read, but the real /dev/shm is better.
bool cannot_be_written(const char* dir) { return sys::access(dir, W_OK | X_OK) != 0; }

void begin_to_use(const char* dir) {
  struct statfs found;
  file_system.store(sys::statfs(dir, &found) == 0 ? half_of_fsid(found) : 0, std::memory_order_relaxed);
  used.store(true, std::memory_order_relaxed);
}

int make_and_inspect() {
  const Settings& set = settings();
  for (int attempt = 0; attempt < 16; ++attempt) {  // others may be removing it as we go
    Findings findings;
    inspect_way(set, findings);
    if (findings.error) return findings.error;
    const Next next = inspect(set.dir, findings);
    if (next == Next::look_again) continue;
    if (next == Next::use) {
      if (!used.load(std::memory_order_relaxed) && cannot_be_written(set.dir) && can_stand_aside())
        return complain("can't write to ", set.dir, EACCES);
      begin_to_use(set.dir);
      usable.keep(findings.least);
      return 0;
    }
    if (findings.error != ENOENT) return findings.error;
    if (const int error = make(set)) return complain("can't make ", set.dir, error);
  }
  return refuse(set.dir, " keeps being changed by another process", EACCES);
}

}  // namespace

bool backing_dir_is_used() { return used.load(std::memory_order_relaxed); }

void note_that_backing_dir_is_used() {
  if (!backing_dir_is_used()) begin_to_use(settings().dir);
}

bool may_be_backing_file_system(int half_of_fsid) {
  const int known = file_system.load(std::memory_order_relaxed);
  return backing_dir_is_used() && (known == 0 || known == half_of_fsid);
}

int ensure_backing_dir() { return usable.holds() ? 0 : make_and_inspect(); }

bool backing_dir_was_remade() {
  struct stat found;
  const int result = sys::fstatat(AT_FDCWD, settings().dir, &found, AT_SYMLINK_NOFOLLOW);
  if (result == 0) {
    Findings findings;
    return is_new(settings().dir) && inspect(settings().dir, findings) == Next::use;
  }
  if (result != -ENOENT) return false;
  usable.drop();
  return make_and_inspect() == 0;
}

}  // namespace devshm
