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
// A twin takes over in a few milliseconds.
constexpr int tries = 200;
constexpr long between_tries_microseconds = 500;

ShortText<32> descriptor_path(int fd) {
  return ShortText<32>().add("/proc/self/fd/").add(static_cast<unsigned long>(fd));
}

/// Whether the descriptor is that object.
bool is_object(int fd, const ObjectName& object) {
  char found[80];
  const long length = sys::readlink(descriptor_path(fd).c_str(), found, sizeof found);
  const ShortText<64> wanted = descriptor_text(object);
  return length == static_cast<long>(wanted.size()) && same_bytes(found, wanted.c_str(), wanted.size());
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

/// What it means that opening by the link's text failed.
bool means_gone(int error) {
  // The last: what the number of a dead keeper's process leads to today may be anything.
  return error == -ENOENT || error == -ESRCH || error == -ENXIO || error == -ENODEV;
}

int open_for_other_user(const char* text, const LinkText& link, int flags) {
  const Root root(text, link.root_length);
  const int fd = flags & O_PATH ? -EACCES : ask_for_object(root, link.object, flags);
  return fd == -ECONNREFUSED ? -ENOENT : fd == -ETIMEDOUT ? -EACCES : fd;
}

}  // namespace

Opened open_by_text(const char* text, std::size_t, const LinkText& link, int flags) {
  // It may be something else altogether that has come in the place of a dead keeper's process: a pipe, a terminal.
  const int cautious = (flags & ~(creating | O_NOFOLLOW)) | O_NONBLOCK | O_NOCTTY;
  int fd = sys::openat(AT_FDCWD, text, cautious);
  if (fd == -EACCES) fd = open_for_other_user(text, link, flags);
  if (fd < 0) return {means_gone(fd) ? Found::stale : Found::failed, fd};
  if (!is_object(fd, link.object)) {
    sys::close(fd);
    return {Found::stale, -ENOENT};
  }
  if (const int error = take_effect(fd, flags)) {
    sys::close(fd);
    return {Found::failed, error};
  }
  return {Found::opened, fd};
}

bool may_come_back(const char* text, const LinkText& link) {
  const Root root(text, link.root_length);
  char process[32];
  return sys::readlink(root.generation(link.object.generation).c_str(), process, sizeof process) > 0 &&
         has_keeper(root);
}

Opened open_object(const char* path, int flags, int base) {
  ObjectName last = {0, 0};
  for (int attempt = 0; attempt < tries; ++attempt) {
    char text[longest_link + 1];
    const long length = sys::readlinkat(base, path, text, longest_link);
    if (length < 0) {
      if (length == -EINVAL) return {Found::ordinary, 0};
      return {length == -ENOENT ? Found::absent : Found::failed, static_cast<int>(length)};
    }
    text[length] = '\0';
    LinkText link;
    if (!parse_link(text, static_cast<std::size_t>(length), link)) return {Found::other_link, 0};
    const Opened opened = open_by_text(text, static_cast<std::size_t>(length), link, flags);
    if (opened.found != Found::stale) return opened;
    if (!(link.object == last)) {  // the first look at this one: has the name changed meanwhile?
      last = link.object;
      continue;
    }
    if (!may_come_back(text, link)) return opened;
    sys::sleep_microseconds(between_tries_microseconds);
  }
  return {Found::stale, -ENOENT};
}

}  // namespace devshm::store
