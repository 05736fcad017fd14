// SPDX-License-Identifier: MIT
#include "create_object.h"

#include <errno.h>

#include <atomic>

#include "ask.h"
#include "claim.h"
#include "kernel.h"
#include "lock.h"
#include "make_root.h"
#include "open_object.h"
#include "remove_stale.h"
#include "start_keeper.h"

namespace devshm::store {
namespace {

// An attempt starts again only if another process has just changed the name.
constexpr int tries = 1000;
// Each time the keeper has made objects, and other processes have taken them all.
constexpr int refills = 20;
constexpr long lock_milliseconds = 1000;
constexpr long try_again_milliseconds = 2000;

/// Another process was faster: the caller has to start again.
constexpr int again = -ESTALE;

bool is_there(const char* path) {
  struct stat found;
  return sys::fstatat(AT_FDCWD, path, &found, AT_SYMLINK_NOFOLLOW) == 0;
}

struct Attempt {
  const Place& place;
  const uid_t user;
  const Root root;
  const char* path;
  int flags;
  mode_t mode;
};

int as_memory(const Attempt& attempt, Claim& claim) {
  if (const int error = sys::fchmod(claim.fd(), attempt.mode & 07777)) return error;
  sys::call(SYS_utimensat, claim.fd(), 0, 0, 0);  // the keeper has made it before
  const int error = claim.publish(attempt.path);
  return error ? error : claim.release();
}

int as_file(const Attempt& attempt) {
  return sys::openat(AT_FDCWD, attempt.path, attempt.flags | O_CREAT | O_EXCL | O_NOFOLLOW, attempt.mode);
}

Why why_no_claim(int error) {
  switch (error) {
    case -ENOSPC: return Why::keeper_full;
    case -EAGAIN: return Why::lock_busy;
    default: return Why::no_keeper;
  }
}

/// The time when no keeper answered and none could be started; 0: never.
constinit std::atomic<long> failed_at{0};

int ask_or_start(const Attempt& attempt) {
  const int error = ask_for_refill(attempt.root);
  if (error == 0 || error == -ENOSPC || error == -ETIMEDOUT) return error;
  return start_keeper(attempt.place, attempt.root);
}

/// Makes sure that the pool has objects. Returns 0, or a negative errno. After a failure, which takes long, it does not
/// try again for a while.
int fill_pool(const Attempt& attempt) {
  const long failed = failed_at.load(std::memory_order_relaxed);
  const long now = sys::monotonic_milliseconds();
  if (failed && now - failed < try_again_milliseconds) return -ESRCH;
  const int error = ask_or_start(attempt);
  failed_at.store(error && error != -ENOSPC ? sys::monotonic_milliseconds() : 0, std::memory_order_relaxed);
  return error;
}

/// Creates a file with `open`, under the lock if there is one: a file must not appear under a name that leads nowhere
/// while such names are being removed.
template <class Open>
int under_lock(const Attempt& attempt, Open open) {
  {
    const Lock lock(attempt.root, Lock::Kind::shared, lock_milliseconds);
    const int fd = open();
    if (fd != -EMFILE || !lock.is_held()) return fd;
  }
  return open();  // the lock has taken the last descriptor that the process may have, and the file needs it more
}

/// Creates a file in place of an object.
Created create_file(const Attempt& attempt, Why why) {
  return {under_lock(attempt, [&] { return as_file(attempt); }), why};
}

/// One attempt to create something under a name that nothing had.
Created create_new(const Attempt& attempt) {
  if (!attempt.root.fits()) return {as_file(attempt), Why::path_too_long};
  if (look_at_root(attempt.root, attempt.user) == -EPERM) return {as_file(attempt), Why::root_unusable};
  int error = 0;
  for (int round = 0; round <= refills; ++round) {
    {
      const Lock lock(attempt.root, Lock::Kind::shared, lock_milliseconds);
      if (lock.is_held()) {
        Claim claim(lock, attempt.root, attempt.flags & ~(O_CREAT | O_EXCL | O_TRUNC));
        if (claim.is_open()) {
          if (failed_at.load(std::memory_order_relaxed)) failed_at.store(0, std::memory_order_relaxed);
          const int result = as_memory(attempt, claim);
          if (result >= 0 || result == -EEXIST || result == again) return {result, Why::is_memory};
          // The file system refuses the name, or a filter the system call. Creating a file shows which.
          return {as_file(attempt), result == -EXDEV ? Why::other_file_system : Why::no_keeper};
        }
        error = claim.error();
        if (error != -ENOENT && error != -EACCES) break;
      } else {
        error = lock.error();
        if (error != -ENOENT && error != -ENOTDIR) break;
      }
    }
    if (is_there(attempt.path)) return {-EEXIST, Why::is_memory};
    error = fill_pool(attempt);
    if (error != 0) break;
  }
  return create_file(attempt, why_no_claim(error));
}

/// Whether a link of the store leads to an object.
bool leads_somewhere(const char* path) {
  const Opened opened = open_object(path, O_PATH | O_CLOEXEC);
  if (opened.found == Found::opened) sys::close(opened.fd_or_error);
  return opened.found != Found::stale && opened.found != Found::absent;
}

/// Opens an ordinary file, and nothing else: a link that has replaced it has to be examined first. With O_CREAT the
/// kernel may refuse another user's file (fs.protected_regular, proc_sys_fs(5)).
int open_file(const Attempt& attempt) {
  struct stat found;
  const int error = sys::fstatat(AT_FDCWD, attempt.path, &found, AT_SYMLINK_NOFOLLOW);
  if (error) return error == -ENOENT ? again : error;
  if (S_ISDIR(found.st_mode)) return -EISDIR;
  const bool is_own = found.st_uid == attempt.user;
  const int flags = (is_own ? attempt.flags & ~O_CREAT : attempt.flags) | O_NOFOLLOW;
  const auto open = [&] { return sys::openat(AT_FDCWD, attempt.path, flags, attempt.mode); };
  // It may become a new file; but a FIFO may have to be waited for.
  const bool needs_lock =
      !is_own && S_ISREG(found.st_mode) && attempt.root.fits() && look_at_root(attempt.root, attempt.user) != -EPERM;
  const int fd = needs_lock ? under_lock(attempt, open) : open();
  return fd == -ENOENT || fd == -ELOOP ? again : fd;
}

/// Opens what has the name already; `again` if that has disappeared meanwhile.
int open_existing(const Attempt& attempt) {
  if (attempt.flags & O_EXCL) {
    if (leads_somewhere(attempt.path)) return -EEXIST;
    return remove_stale_name(attempt.root, attempt.path) ? -EEXIST : again;
  }
  const Opened opened = open_object(attempt.path, attempt.flags);
  switch (opened.found) {
    case Found::opened:
    case Found::failed: return opened.fd_or_error;
    case Found::absent: return again;
    case Found::stale: return remove_stale_name(attempt.root, attempt.path) ? -EACCES : again;
    case Found::other_link: return is_other_link;
    case Found::ordinary: break;
  }
  return open_file(attempt);
}

}  // namespace

Created create_object(const Place& place, const char* path, int flags, mode_t mode) {
  const uid_t user = sys::geteuid();
  const Attempt attempt = {place, user, own_root(place.backing_dir, user), path, flags, mode};
  // What is to be created with O_EXCL is not there, as a rule: publishing it says so too.
  bool looks = !(flags & O_EXCL);
  for (int i = 0; i < tries; ++i, looks = true) {
    if (looks && is_there(path)) {
      const int fd = open_existing(attempt);
      if (fd != again) return {fd, Why::is_memory};
    } else {
      const Created created = create_new(attempt);
      if (created.fd_or_error == -EEXIST) continue;  // with O_EXCL, too: the name may lead nowhere
      if (created.fd_or_error != again) return created;
    }
  }
  return {-EAGAIN, Why::is_memory};
}

}  // namespace devshm::store
