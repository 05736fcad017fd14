// SPDX-License-Identifier: MIT
#include "pool.h"

#include <errno.h>
#include <sys/inotify.h>

#include "../kernel.h"
#include "directory.h"
#include "watch_list.h"

namespace devshm::store {
namespace {

constexpr std::uint64_t all_entries = (std::uint64_t{1} << pool_size) - 1;
constexpr long claim_seconds = 30;
/// Below ROOT: an entry that is being made.
constexpr char unfinished[] = ".new";

int add_watch(int inotify, const char* path, std::uint32_t mask) {
  return static_cast<int>(sys::call(SYS_inotify_add_watch, inotify, sys::word(path), mask));
}

/// The slot that a pool entry is for; pool_size: none.
unsigned slot_of(const char* name) {
  unsigned slot = 0;
  if (!*name) return pool_size;
  for (; *name; ++name) {
    if (*name < '0' || *name > '9' || slot >= pool_size) return pool_size;
    slot = slot * 10 + static_cast<unsigned>(*name - '0');
  }
  return slot < pool_size ? slot : pool_size;
}

bool is_there(const char* path, struct stat& found) {
  return sys::fstatat(AT_FDCWD, path, &found, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace

int Pool::begin() {
  struct stat found;
  const PathText keeper = root_.entry("keeper");
  if (!is_there(keeper.c_str(), found)) return -ENOENT;
  keeper_inode_ = found.st_ino;
  inotify_ = static_cast<int>(sys::call(SYS_inotify_init1, IN_NONBLOCK | IN_CLOEXEC));
  if (inotify_ < 0) return inotify_;
  pool_watch_ = add_watch(inotify_, root_.entry("pool").c_str(), IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
  if (pool_watch_ < 0) return pool_watch_;
  // That ROOT itself is removed is not reported, for as long as a file in it is open; that this file is, is.
  const int keeper_watch = add_watch(inotify_, keeper.c_str(), IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF);
  if (keeper_watch < 0) return keeper_watch;
  missing_ = all_entries;
  taken_ = all_entries;
  return 0;
}

bool Pool::root_is_there() const {
  struct stat found;
  const int error = sys::fstatat(AT_FDCWD, root_.entry("keeper").c_str(), &found, AT_SYMLINK_NOFOLLOW);
  // What can't be looked at is not gone: a directory above may have another mode for a moment.
  return error == 0 ? found.st_ino == keeper_inode_ : error != -ENOENT && error != -ENOTDIR;
}

bool Pool::offer(unsigned slot) {
  const unsigned number = objects_.make(root_);
  if (!number) return false;
  // Aside first: once it is offered somebody may take it and remove it again, and it would never be watched. Not in the
  // pool's directory, where others would wait for as long as a file system takes to make a link.
  const PathText aside = root_.entry(unfinished);
  const PathText text = root_.link_text(objects_.name_of(number));
  int made = sys::symlink(text.c_str(), aside.c_str());
  if (made == -EEXIST) {  // a dead keeper's
    sys::unlink(aside.c_str());
    made = sys::symlink(text.c_str(), aside.c_str());
  }
  if (made == 0) {
    const int watch = add_watch(inotify_, aside.c_str(), IN_DELETE_SELF | IN_DONT_FOLLOW);
    if (watch >= 0) {
      objects_.set_watch(number, watch, give_token(aside.c_str()));
      if (sys::rename(aside.c_str(), root_.pool_entry(slot).c_str()) == 0) return true;
      sys::unlink(aside.c_str());  // the event of this closes the object
      return false;
    }
    sys::unlink(aside.c_str());
  }
  objects_.close(number);
  return false;
}

bool Pool::fill(unsigned most) {
  taken_ = missing_;
  for (unsigned slot = 0; slot < pool_size && most; ++slot) {
    const std::uint64_t bit = std::uint64_t{1} << slot;
    if (!(missing_ & bit)) continue;
    if (!offer(slot)) return false;
    missing_ &= ~bit;
    --most;
  }
  taken_ = missing_;
  return true;
}

bool Pool::has_entries() const { return missing_ != all_entries; }

void Pool::entry_event(const char* name, bool taken) {
  const unsigned slot = slot_of(name);
  if (slot == pool_size) return;
  const std::uint64_t bit = std::uint64_t{1} << slot;
  missing_ |= bit;
  // One that was deleted is not made again at once: somebody may be removing everything.
  if (taken) taken_ |= bit;
}

void Pool::read_events() {
  alignas(struct inotify_event) char memory[4096];
  for (;;) {
    const long size = sys::read(inotify_, memory, sizeof memory);
    if (size <= 0) return;
    for (long at = 0; at < size;) {
      const auto* event = reinterpret_cast<const struct inotify_event*>(memory + at);
      at += static_cast<long>(sizeof *event) + event->len;
      if (event->mask & IN_Q_OVERFLOW) {
        look_at_all();
      } else if (event->wd == pool_watch_) {
        if (event->len) entry_event(event->name, event->mask & IN_MOVED_FROM);
      } else if (event->mask & IN_IGNORED) {  // the inode is gone
        if (const unsigned number = objects_.with_watch(event->wd)) objects_.close(number);
      }
    }
  }
}

void Pool::close_unwatched() {
  const WatchList left(inotify_);
  if (!left.is_complete()) return;
  objects_.for_each([&](unsigned number, int watch) {
    if (!left.has(watch)) objects_.close(number);
  });
}

void Pool::look_at_all() {
  sys::unlink(root_.entry(unfinished).c_str());
  close_unwatched();
  missing_ = 0;
  struct stat found;
  for (unsigned slot = 0; slot < pool_size; ++slot)
    if (!is_there(root_.pool_entry(slot).c_str(), found)) missing_ |= std::uint64_t{1} << slot;
  taken_ = missing_;
}

unsigned Pool::held() const {
  unsigned ready = pool_size;
  for (std::uint64_t left = missing_; left; left &= left - 1) --ready;
  return objects_.live() > ready ? objects_.live() - ready : 0;
}

void Pool::remove_old_claims() const {
  struct timespec now;
  if (sys::clock_gettime(CLOCK_REALTIME, &now) != 0) return;
  const Directory pool(root_.entry("pool").c_str());
  pool.for_each([&](const char* name, unsigned char) {
    struct stat found;
    if (name[0] != 'c' || sys::fstatat(pool.fd(), name, &found, AT_SYMLINK_NOFOLLOW) != 0) return;
    // Renaming changes an inode's ctime.
    if (now.tv_sec - found.st_ctim.tv_sec > claim_seconds) sys::unlinkat(pool.fd(), name, 0);
  });
}

}  // namespace devshm::store
