// SPDX-License-Identifier: MIT
#include "memory.h"

#include <errno.h>
#include <unistd.h>

#include <atomic>
#include <new>

#include "backing_dir.h"
#include "creation_mask.h"
#include "loaded_objects.h"
#include "object_names.h"
#include "overlay_file.h"
#include "report.h"
#include "roomy_stack.h"
#include "settings.h"
#include "store/create_object.h"
#include "store/kernel.h"
#include "store/lock.h"
#include "store/make_root.h"
#include "store/open_object.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

using store::Found;
using store::Why;

constexpr char idle_seconds[] = "60";
constexpr long lock_milliseconds = 1000;

bool is_used() { return settings().active && settings().store == Store::memory; }

enum class Known : unsigned char { nothing, disk, memory };
constinit std::atomic<Known> known_use{Known::nothing};

/// The value of DEVSHM_STORE in the environment, without reading the settings.
Known asked_for() {
  bool is_whole = false;
  for (char* const* entry = environ; entry && *entry; ++entry) {
    if (begins_with(*entry, "LD_PRELOAD=")) is_whole = true;
    if (begins_with(*entry, "DEVSHM_STORE=")) return is_used() ? Known::memory : Known::disk;
  }
  return is_whole ? Known::disk : Known::nothing;
}

store::Place place() {
  const char* const program = own_path();
  return {settings().dir, program ? program : "", idle_seconds};
}

/// A semaphore of sem_open(3) stays a file, because libc makes it.
bool is_semaphore(const char* path) {
  const Settings& set = settings();
  const char* const name = after(path, set.dir, set.dir_length);
  return name && begins_with(name, "/sem.") && !has_slash(name + 1);
}

const char* text_of(Why why) {
  switch (why) {
    case Why::path_too_long: return "a file: the path of the backing directory is too long for a store beside it";
    case Why::root_unusable:
    case Why::no_keeper: return "a file: no process to hold memory could be started, or it does not answer";
    case Why::keeper_full: return "a file: the process that holds memory has no descriptors left";
    case Why::lock_busy: return "a file: another process that creates something is stopped";
    case Why::other_file_system: return "a file: it is on another file system than the store";
    case Why::is_memory: break;
  }
  return "memory";
}

constinit std::atomic<bool> has_no_store{false};

/// Whether the path's directory is in the overlay: a directory on the way may be a link that leads out of it. Nor may
/// it give what is created in it a group (S_ISGID), since memory has this process's group.
bool parent_takes_memory(const char* path) {
  const char* const last = last_component(path);
  const auto length = static_cast<std::size_t>(last - path);
  if (length <= settings().dir_length + 1) return true;
  store::ShortText<512> parent;
  parent.add(path, length);
  if (!parent.fits()) return false;
  const sys::Descriptor dir(sys::openat(AT_FDCWD, parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!dir.is_open() || location_of(dir.get()) != Location::in_overlay) return false;
  struct stat found;
  return sys::fstat(dir.get(), &found) != 0 || !(found.st_mode & S_ISGID);
}

int create(const char* path, int flags, mode_t mode) {
  if (is_semaphore(path) || !*last_component(path) || !parent_takes_memory(path)) return not_memory;
  const store::Created created = store::create_object(place(), path, flags, mode & ~creation_mask());
  if (created.fd_or_error == store::is_other_link) return not_memory;
  if (created.fd_or_error >= 0) {
    log_reroute("store", path, text_of(created.file));
    const bool has_none =
        created.file == Why::path_too_long || created.file == Why::root_unusable || created.file == Why::no_keeper;
    if (has_none != has_no_store.load(std::memory_order_relaxed))
      has_no_store.store(has_none, std::memory_order_relaxed);
  }
  remember_name(created.fd_or_error, path);
  return created.fd_or_error;
}

/// Opens something without a name. If it can be given a name later, it has to be a file, because a memfd can't get one.
int create_unnamed(const char* dir, int flags, mode_t mode) {
  struct stat found;
  if (!(flags & O_EXCL)) log_reroute("store", dir, "a file: it may get a name later (no O_EXCL)");
  if (!(flags & O_EXCL) || (flags & O_ACCMODE) != O_RDWR) return not_memory;
  if (sys::fstatat(AT_FDCWD, dir, &found, 0) != 0 || !S_ISDIR(found.st_mode) || sys::access(dir, W_OK) != 0)
    return not_memory;
  const auto name = store::memfd_name({0, 0});
  const int fd = sys::executable_memfd(name.c_str(), flags & O_CLOEXEC ? MFD_CLOEXEC : 0);
  if (fd < 0) return not_memory;
  sys::fchmod(fd, mode & 07777 & ~creation_mask());
  constexpr int status_flags = O_APPEND | O_NONBLOCK | O_DSYNC | O_SYNC | O_NOATIME;
  if (flags & status_flags) sys::fcntl(fd, F_SETFL, flags & status_flags);
  log_reroute("store", dir, text_of(Why::is_memory));
  return fd;
}

}  // namespace

bool memory_serves() { return is_used() && !has_no_store.load(std::memory_order_relaxed); }

bool memory_is_in_use() {
  Known known = known_use.load(std::memory_order_relaxed);
  if (known == Known::nothing) {
    known = settings_are_read() ? (is_used() ? Known::memory : Known::disk) : asked_for();
    known_use.store(known, std::memory_order_relaxed);
  }
  return known == Known::memory;
}

namespace {

int open_link_here(int dir, const char* path, int flags) {
  const store::Opened opened = store::open_object(path, flags, dir);
  switch (opened.found) {
    case Found::opened:
      if (dir == AT_FDCWD) remember_name(opened.fd_or_error, path);
      return opened.fd_or_error;
    case Found::failed:
    case Found::stale: return opened.fd_or_error;
    default: return not_memory;
  }
}

int open_here(const char* path, int flags, mode_t mode) {
  constexpr int unnamed = O_TMPFILE & ~O_DIRECTORY;
  if ((flags & O_TMPFILE) == O_TMPFILE) return create_unnamed(path, flags, mode);
  if (flags & (O_DIRECTORY | unnamed)) return not_memory;
  if (flags & O_CREAT && !(flags & O_PATH)) return create(path, flags, mode);
  return open_link_here(AT_FDCWD, path, flags);
}

/// Writes the path for shm_open's name. False for a name that shm_open refuses or that is too long.
bool put_shm_path(const char* name, LineWriter& out) {
  while (*name == '/') ++name;
  if (!*name || has_slash(name) || length_of(name) > 255 || same(name, ".") || same(name, "..")) return false;
  out.add(settings().dir).add("/").add(name);
  return out.size() == settings().dir_length + 1 + length_of(name);
}

int open_shared(const char* name, int flags, mode_t mode) {
  if (ensure_backing_dir() != 0) return not_memory;
  Line<512> path;
  if (!put_shm_path(name, path)) return not_memory;
  log_reroute("shm_open", name, settings().dir);
  const auto open = [&] {
    const int opened = open_here(path.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode);
    return opened == -EISDIR ? -EINVAL : opened;  // libc's error for a directory
  };
  const int opened = open();
  return opened == -ENOENT && backing_dir_was_remade() ? open() : opened;
}

int create_temporary(char* pattern, int suffix_length, int flags) {
  constexpr std::size_t count = 6;
  constexpr int tries = 1000;
  const std::size_t length = length_of(pattern);
  if (suffix_length < 0 || length < count + static_cast<std::size_t>(suffix_length)) return not_memory;
  char* const letters = pattern + length - count - static_cast<std::size_t>(suffix_length);
  if (!begins_with(letters, "XXXXXX")) return not_memory;
  for (int i = 0; i < tries; ++i) {
    std::uint64_t random = sys::random_word();
    for (std::size_t at = 0; at < count; ++at, random >>= 6)
      letters[at] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789Qq"[random & 63];
    const int fd = create(pattern, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd != -EEXIST) {
      if (fd == not_memory) __builtin_memcpy(letters, "XXXXXX", count);
      return fd;
    }
  }
  __builtin_memcpy(letters, "XXXXXX", count);
  return -EEXIST;
}

}  // namespace

int open_memory(const char* path, int flags, mode_t mode) {
  return is_used() ? with_room([&] { return open_here(path, flags, mode); }) : not_memory;
}

int shm_open_memory(const char* name, int flags, mode_t mode) {
  return is_used() ? with_room([&] { return open_shared(name, flags, mode); }) : not_memory;
}

int shm_open_link(const char* name, int flags) {
  if (!settings().active) return not_memory;
  return with_room([&] {
    Line<512> path;
    return put_shm_path(name, path) ? open_link_here(AT_FDCWD, path.c_str(), flags | O_CLOEXEC) : not_memory;
  });
}

int make_temporary_memory(char* pattern, int suffix_length, int flags) {
  return is_used() ? with_room([&] { return create_temporary(pattern, suffix_length, flags); }) : not_memory;
}

int open_link(int dir, const char* path, int flags) {
  return with_room([&] { return open_link_here(dir, path, flags); });
}

NamesLocked::NamesLocked() {
  if (!is_used()) return;
  static_assert(sizeof(store::Lock) <= sizeof lock_);
  is_made_ = with_room([&] {
    const uid_t user = sys::geteuid();
    const store::Root root = store::own_root(settings().dir, user);
    if (store::look_at_root(root, user) != 0) return false;
    new (lock_) store::Lock(root, store::Lock::Kind::shared, lock_milliseconds);
    return true;
  });
}

NamesLocked::~NamesLocked() {
  if (is_made_) reinterpret_cast<store::Lock*>(lock_)->~Lock();
}

}  // namespace devshm
