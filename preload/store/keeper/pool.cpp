// SPDX-License-Identifier: MIT
#include "pool.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/inotify.h>

#include "../directory.h"
#include "../kernel.h"
#include "../lock.h"
#include "watch_list.h"

namespace devshm::store {
namespace {

constexpr std::uint64_t all_entries = (std::uint64_t{1} << pool_size) - 1;

int add_watch(int inotify, const char* path, std::uint32_t mask) {
  return static_cast<int>(sys::call(SYS_inotify_add_watch, inotify, sys::word(path), mask));
}

constexpr std::uint64_t bit_of(unsigned slot) { return std::uint64_t{1} << slot; }

/// Lets the file system place the directories in ROOT far from each other, as chattr +T does. Ext4 without a journal
/// needs it: to make an inode it passes over all inodes nearby that were deleted some time ago. Near a busy /tmp that
/// takes up to half a millisecond for each link. Other file systems refuse the flag, or ignore it.
void place_directories_apart(const Root& root) {
  const sys::Descriptor directory(sys::openat(AT_FDCWD, root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  unsigned long flags = 0;
  if (sys::call(SYS_ioctl, directory.get(), FS_IOC_GETFLAGS, sys::word(&flags)) != 0) return;
  flags |= FS_TOPDIR_FL;
  sys::call(SYS_ioctl, directory.get(), FS_IOC_SETFLAGS, sys::word(&flags));
}

bool is_there(const char* path, struct stat& found) {
  return sys::fstatat(AT_FDCWD, path, &found, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace

int Pool::begin() {
  struct stat found;
  const PathText lock = root_.entry("lock");
  if (!is_there(lock.c_str(), found)) return -ENOENT;
  lock_inode_ = found.st_ino;
  place_directories_apart(root_);
  random_ = sys::random_word();  // by the name the file system chooses the place
  inotify_ = static_cast<int>(sys::call(SYS_inotify_init1, IN_NONBLOCK | IN_CLOEXEC));
  if (inotify_ < 0) return inotify_;
  pool_watch_ = add_watch(inotify_, root_.entry("pool").c_str(), IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
  if (pool_watch_ < 0) return pool_watch_;
  // The kernel does not report that ROOT itself is removed while a file in it is open. It reports the removal of the
  // file.
  const int lock_watch = add_watch(inotify_, lock.c_str(), IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF);
  if (lock_watch < 0) return lock_watch;
  missing_ = all_entries;
  taken_ = all_entries;
  return 0;
}

bool Pool::root_is_there() const {
  struct stat found;
  const int error = sys::fstatat(AT_FDCWD, root_.entry("lock").c_str(), &found, AT_SYMLINK_NOFOLLOW);
  // A file that can't be examined is not gone: a directory above may have another mode for a moment.
  return error == 0 ? found.st_ino == lock_inode_ : error != -ENOENT && error != -ENOTDIR;
}

unsigned Pool::offer() {
  const unsigned number = objects_.make(root_);
  if (!number) return 0;
  // The link is made elsewhere first: once it is offered, a process may take and remove it before it is watched. It is
  // not made in the pool's directory, where others would have to wait as long as the file system takes to make a link.
  const PathText aside = unfinished();
  const PathText text = root_.link_text(objects_.name_of(number));
  int made = sys::symlink(text.c_str(), aside.c_str());
  if (made != 0) {  // the first one, or a dead keeper has left one behind
    sys::mkdir(root_.making_dir(random_).c_str(), 0700);
    sys::unlink(aside.c_str());
    made = sys::symlink(text.c_str(), aside.c_str());
  }
  if (made == 0) {
    const int watch = add_watch(inotify_, aside.c_str(), IN_DELETE_SELF | IN_DONT_FOLLOW);
    if (watch >= 0) {
      objects_.set_watch(number, watch, set_times(aside.c_str(), static_cast<int>(number)));
      const PathText entry = root_.pool_entry(objects_.name_of(number));
      if (sys::rename(aside.c_str(), entry.c_str()) == 0) {
        struct stat found;  // fills the kernel's cache, so that a process that creates an object need not
        sys::fstatat(AT_FDCWD, entry.c_str(), &found, 0);
        return number;
      }
      sys::unlink(aside.c_str());  // the event of this closes the object
      return 0;
    }
    sys::unlink(aside.c_str());
  }
  objects_.close(number);
  return 0;
}

bool Pool::fill(unsigned most) {
  taken_ = missing_;
  for (unsigned slot = 0; slot < pool_size && most; ++slot) {
    if (!(missing_ & bit_of(slot))) continue;
    offered_[slot] = offer();
    if (!offered_[slot]) return false;
    missing_ &= ~bit_of(slot);
    --most;
  }
  taken_ = missing_;
  return true;
}

bool Pool::has_entries() const { return missing_ != all_entries; }

void Pool::entry_event(const char* name, bool taken) {
  ObjectName object;
  if (!parse_entry(name, object)) return;
  unsigned slot = 0;
  while (slot < pool_size && offered_[slot] != object.number) ++slot;
  if (slot == pool_size) return;
  offered_[slot] = 0;
  missing_ |= bit_of(slot);
  // A deleted entry is not made again at once, because somebody may be removing everything.
  if (taken) taken_ |= bit_of(slot);
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
  sys::unlink(unfinished().c_str());
  close_unwatched();
  missing_ = all_entries;
  for (unsigned& number : offered_) number = 0;
  unsigned slot = 0;
  const Directory pool(root_.entry("pool").c_str());
  pool.for_each([&](const char* name, unsigned char) {
    ObjectName object;
    if (slot == pool_size || !parse_entry(name, object) || !objects_.has(object)) return;
    offered_[slot] = object.number;
    missing_ &= ~bit_of(slot++);
  });
  taken_ = missing_;
}

unsigned Pool::count(std::uint64_t bits) {
  unsigned count = 0;
  for (; bits; bits &= bits - 1) ++count;
  return count;
}

unsigned Pool::held() const {
  const unsigned ready = pool_size - count(missing_);
  return objects_.live() > ready ? objects_.live() - ready : 0;
}

void Pool::remove_what_was_put_aside() const {
  const Directory pool(root_.entry("pool").c_str());
  pool.for_each([&](const char* name, unsigned char) {
    ObjectName object;
    if (name[0] != '.' || !parse_entry(name + 1, object)) return;
    // If it can be locked, its creator has died.
    const int fd = open_locked(root_, entry_of(object.number), Lock::Kind::exclusive, 0);
    if (fd < 0) return;
    sys::unlinkat(pool.fd(), name, 0);
    unlock_and_close(fd);
  });
}

}  // namespace devshm::store
