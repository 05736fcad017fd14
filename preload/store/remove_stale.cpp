// SPDX-License-Identifier: MIT
#include "remove_stale.h"

#include <errno.h>

#include "kernel.h"
#include "lock.h"
#include "make_root.h"
#include "open_object.h"

namespace devshm::store {
namespace {

// As long as an open waits: many processes may have to remove names after both keepers were killed.
constexpr long lock_milliseconds = open_milliseconds;
// Shorter than a new keeper waits for the lock that is held here.
constexpr long look_milliseconds = 1000;

}  // namespace

int remove_stale_name(const Root& own, const char* path) {
  // Held open, so that the text and the owner are those of one link.
  const sys::Descriptor held(sys::openat(AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!held.is_open()) return held.get() == -ENOENT ? 0 : held.get();
  char text[161];
  const long length = sys::readlinkat(held.get(), "", text, sizeof text - 1);
  LinkText link;
  if (length < 0 || !parse_link(text, static_cast<std::size_t>(length), link)) return 0;
  text[length] = '\0';
  const bool is_own = owner_of_link(held.get(), "", text, link).whose == Whose::own;
  // Two processes that remove the same name need a lock, even if there is no store any more: otherwise the slower one
  // removes what the faster one has created. We must not make another user's store, because it would be ours.
  const Root root = is_own ? Root(text, link.root_length) : own;
  make_root(root);
  if (!reaches(root, AT_FDCWD, path)) return -EXDEV;
  const Lock lock(root, Lock::Kind::exclusive, lock_milliseconds);
  if (!lock.is_held() && lock.error() != -ENOENT) return lock.error();
  const Opened opened = open_object(path, O_PATH | O_CLOEXEC, AT_FDCWD, look_milliseconds);
  if (opened.found == Found::opened) sys::close(opened.fd_or_error);
  if (opened.found != Found::stale) return 0;
  const int result = sys::unlink(path);
  return result == -ENOENT ? 0 : result;
}

}  // namespace devshm::store
