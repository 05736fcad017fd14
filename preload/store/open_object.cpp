// SPDX-License-Identifier: MIT
#include "open_object.h"

#include <errno.h>

#include "ask.h"
#include "kernel.h"
#include "lock.h"

namespace devshm::store {
namespace {

constexpr std::size_t longest_link = 160;
constexpr int creating = O_CREAT | O_EXCL | O_TRUNC;
// Each time the name has come to lead to another object.
constexpr int most_looks = 1000;
// A twin takes over in a few milliseconds.
constexpr long take_over_milliseconds = 100;

ShortText<32> descriptor_path(int fd) {
  return ShortText<32>().add("/proc/self/fd/").add(static_cast<unsigned long>(fd));
}

/// Whether the descriptor is that object: 0, or a negative errno, -ESTALE if it is something else.
int compare(int fd, const ObjectName& object) {
  char found[80];
  const long length = sys::readlink(descriptor_path(fd).c_str(), found, sizeof found);
  if (length < 0) return static_cast<int>(length);
  const ShortText<64> wanted = descriptor_text(object);
  const bool same = length == static_cast<long>(wanted.size()) && same_bytes(found, wanted.c_str(), wanted.size());
  return same ? 0 : -ESTALE;
}

/// What O_TRUNC does.
int truncate(int fd, int flags) {
  if ((flags & O_ACCMODE) != O_RDONLY) return sys::ftruncate(fd, 0);
  return sys::truncate(descriptor_path(fd).c_str(), 0);
}

/// The effects of opening, now that it is certain what was opened.
int take_effect(int fd, int flags) {
  if (flags & O_PATH) return 0;
  if (flags & O_TRUNC)
    if (const int error = truncate(fd, flags)) return error;
  // O_NONBLOCK, which it was opened with, goes. Of the other flags only these can be set.
  return flags & O_NONBLOCK ? 0 : sys::fcntl(fd, F_SETFL, flags & (O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME));
}

/// By the link: a descriptor of the object, or a negative errno, -ESTALE if the link leads nowhere or elsewhere.
int open_by_link(const char* text, const LinkText& link, int flags) {
  // It may be something else altogether that has come in the place of a dead keeper's process: a pipe, a terminal.
  const int fd = sys::openat(AT_FDCWD, text, (flags & ~(creating | O_NOFOLLOW)) | O_NONBLOCK | O_NOCTTY);
  if (fd == -ENOENT || fd == -ESRCH || fd == -ENXIO || fd == -ENODEV) return -ESTALE;
  if (fd < 0) return fd;
  const int error = compare(fd, link.object);
  if (error) sys::close(fd);
  return error ? error : fd;
}

/// From the keeper itself, as open_by_link().
int open_by_asking(const char* text, const LinkText& link, int flags) {
  const Root root(text, link.root_length);
  const int fd = ask_for_object(root, link.object, flags);
  if (fd == -ENOENT) return -ESTALE;
  if (fd < 0) return fd;
  const int error = compare(fd, link.object);
  if (error) sys::close(fd);
  return error == -ESTALE ? -EACCES : error ? error : fd;
}

/// Whether the keeper has ended, or been killed, while it was asked.
bool is_without_keeper(int error) { return error == -ECONNREFUSED || error == -ECONNRESET || error == -EPIPE; }

}  // namespace

Opened open_by_text(const char* text, const LinkText& link, int flags) {
  int fd = open_by_link(text, link, flags);
  // The link serves the keeper's user, in the same namespaces. Others, and where it seems to lead nowhere, have to ask.
  if (fd == -EACCES || fd == -ESTALE) fd = open_by_asking(text, link, flags);
  if (fd == -ESTALE || is_without_keeper(fd)) return {Found::stale, fd};
  if (fd < 0) return {Found::failed, fd == -ETIMEDOUT ? -EACCES : fd};
  if (const int error = take_effect(fd, flags)) {
    sys::close(fd);
    return {Found::failed, error};
  }
  return {Found::opened, fd};
}

Opened open_object(const char* path, int flags, int base) {
  ObjectName last = {0, 0};
  sys::Patience patience(take_over_milliseconds);
  for (int look = 0; look < most_looks; ++look) {
    char text[longest_link + 1];
    const long length = sys::readlinkat(base, path, text, longest_link);
    if (length < 0) {
      if (length == -EINVAL) return {Found::ordinary, 0};
      return {length == -ENOENT ? Found::absent : Found::failed, static_cast<int>(length)};
    }
    text[length] = '\0';
    LinkText link;
    if (!parse_link(text, static_cast<std::size_t>(length), link)) return {Found::other_link, 0};
    const Opened opened = open_by_text(text, link, flags);
    if (opened.found != Found::stale) return opened;
    if (!(link.object == last)) {  // the first look at this one: has the name changed meanwhile?
      last = link.object;
      continue;
    }
    // Where the keeper has said that it is gone, it is.
    if (opened.fd_or_error == -ESTALE || !has_keeper(Root(text, link.root_length)) || !patience.wait()) break;
  }
  return {Found::stale, -ENOENT};
}

}  // namespace devshm::store
