// SPDX-License-Identifier: MIT
#include "open_object.h"

#include <errno.h>

#include "ask.h"
#include "kernel.h"
#include "lock.h"
#include "make_root.h"
#include "message.h"

namespace devshm::store {
namespace {

constexpr std::size_t longest_link = 160;
constexpr int creating = O_CREAT | O_EXCL | O_TRUNC;
// Each time the name has been changed to lead to another object.
constexpr int most_looks = 1000;

/// Whether the descriptor is that object; false also if that can't be seen.
bool is_object(int fd, const ObjectName& object) {
  char found[80];
  const long length = sys::readlink(descriptor_path(fd).c_str(), found, sizeof found);
  const ShortText<64> wanted = descriptor_text(object);
  return length == static_cast<long>(wanted.size()) && same_bytes(found, wanted.c_str(), wanted.size());
}

/// Does what O_TRUNC does.
int truncate(int fd, int flags) {
  if ((flags & O_ACCMODE) != O_RDONLY) return sys::ftruncate(fd, 0);
  return sys::truncate(descriptor_path(fd).c_str(), 0);
}

/// Applies the effects of opening, now that it is certain what was opened.
int take_effect(int fd, int flags) {
  if (flags & O_PATH) return 0;
  if (flags & O_TRUNC)
    if (const int error = truncate(fd, flags)) return error;
  // Drops O_NONBLOCK, with which it was opened. Of the other flags only these can be set.
  return flags & O_NONBLOCK ? 0 : sys::fcntl(fd, F_SETFL, flags & (O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME));
}

/// Compares the names, and whose both are: if a user's store has been removed, a stranger may have made one in its
/// place, with objects of the same names.
int compare_with_own(int fd, const char* text, const LinkText& link) {
  if (!is_object(fd, link.object)) return -ESTALE;
  struct stat found;
  const uid_t user = sys::geteuid();
  if (sys::fstat(fd, &found) == 0 && found.st_uid == user) return 0;
  return look_at_root(Root(text, link.root_length), user) == 0 ? 0 : -ESTALE;
}

/// What was read of a link belongs together only while the link is held open: otherwise another one may have got its
/// name between two calls, and a stranger may have made one of the two.
enum class Link : unsigned char { by_name, held };

/// Opens the object by the link. Returns a descriptor, or a negative errno: -ESTALE if the link leads nowhere or
/// elsewhere. `mark` is the link's access time. If it does not identify the object, the object's name has to; but then
/// the link must be held.
int open_by_link(const char* text, const LinkText& link, Link how, int flags, const struct timespec& mark) {
  // Another process may have got the dead keeper's id, so this may open anything: a pipe, a terminal.
  const int fd = sys::openat(AT_FDCWD, text, (flags & ~(creating | O_NOFOLLOW)) | O_NONBLOCK | O_NOCTTY);
  if (fd == -ENOENT || fd == -ESRCH || fd == -ENXIO || fd == -ENODEV) return -ESTALE;
  if (fd < 0) return fd;
  const int error = is_marked(fd, mark) ? 0 : how == Link::held ? compare_with_own(fd, text, link) : -ESTALE;
  if (error) sys::close(fd);
  return error ? error : fd;
}

/// Whether a descriptor that was sent is open with the requested flags.
bool is_open_as_asked(int fd, int flags) {
  constexpr int kind = O_ACCMODE | O_PATH;
  return flags & O_PATH ? sys::fcntl(fd, F_GETFL, 0) & O_PATH : (sys::fcntl(fd, F_GETFL, 0) & kind) == (flags & kind);
}

/// Gets the object from the keeper itself. Returns as open_by_link() does.
int open_by_asking(const char* text, const LinkText& link, int flags, LinkToken token, sys::Patience& patience) {
  const Root root(text, link.root_length);
  const int fd = ask_for_object(root, link.object, flags, token, patience);
  if (fd == -ENOENT) return -ESTALE;
  if (fd < 0) return fd;
  if (is_open_as_asked(fd, flags) && is_object(fd, link.object)) return fd;
  sys::close(fd);
  return -EACCES;
}

/// The keeper of another user, which owns the link, may have to refuse what the kernel still lets this process open:
/// this process may be root, or the user that root has given the object to. That is allowed only if the object belongs
/// to the link's owner, or the link to root: otherwise a stranger could lead others to their own objects by a link.
int open_by_own_right(const char* text, const LinkText& link, int flags, const Owner& owner, sys::Patience& patience) {
  const sys::Descriptor object(open_by_asking(text, link, O_PATH | O_CLOEXEC, owner.token, patience));
  struct stat found;
  if (!object.is_open()) return object.get();
  if (sys::fstat(object.get(), &found) != 0 || (owner.user != 0 && found.st_uid != owner.user)) return -EACCES;
  return sys::openat(AT_FDCWD, descriptor_path(object.get()).c_str(), (flags & ~(creating | O_NOFOLLOW)) | O_NONBLOCK);
}

/// Opens another user's object, but never by the link's path, which leads wherever its owner wants.
int open_of_other(const char* text, const LinkText& link, int flags, const Owner& owner, sys::Patience& patience) {
  const int fd = open_by_asking(text, link, flags, owner.token, patience);
  return fd == -EACCES ? open_by_own_right(text, link, flags, owner, patience) : fd;
}

/// Whether the keeper has ended, or been killed, while it was asked.
bool is_without_keeper(int error) { return error == -ECONNREFUSED || error == -ECONNRESET || error == -EPIPE; }

/// Whether the keeper has to be asked. The link works for the keeper's user, in the same namespaces. For others it
/// seems to lead nowhere, or is refused.
bool has_to_ask(int result) { return result == -EACCES || result == -ESTALE; }

int open_of_own(const char* text, const LinkText& link, Link how, int flags, const struct timespec& mark,
                sys::Patience& patience) {
  const int fd = open_by_link(text, link, how, flags, mark);
  if (how == Link::by_name || !has_to_ask(fd)) return fd;
  if (look_at_root(Root(text, link.root_length), sys::geteuid()) == -EPERM) return -ESTALE;
  const int sent = open_by_asking(text, link, flags, 0, patience);
  return sent == -ETIMEDOUT && fd == -EACCES ? fd : sent;  // the kernel has refused it, and the keeper does not answer
}

Opened finish(int fd, int flags) {
  if (fd == -ESTALE || is_without_keeper(fd)) return {Found::stale, fd};
  if (fd < 0) return {Found::failed, fd};
  if (const int error = take_effect(fd, flags)) {
    sys::close(fd);
    return {Found::failed, error};
  }
  return {Found::opened, fd};
}

bool is_no_link(int base, const char* path, int error) {
  struct stat found;
  if (error == -EINVAL) return true;
  // readlink(2) may be refused, but a file can still be recognised.
  return sys::fstatat(base, path, &found, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) == 0 && !S_ISLNK(found.st_mode);
}

}  // namespace

Owner owner_of_link(int base, const char* path, const char* text, const LinkText& link) {
  struct stat name, root;
  if (const int error = sys::fstatat(base, path, &name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
    return {Whose::unknown, error, 0, 0, {0, 0}};
  if (name.st_uid == sys::geteuid()) return {Whose::own, 0, name.st_uid, 0, name.st_atim};
  const Root of(text, link.root_length);
  const int error = sys::fstatat(AT_FDCWD, of.c_str(), &root, AT_SYMLINK_NOFOLLOW);
  const bool is_theirs = error ? error == -ENOENT : S_ISDIR(root.st_mode) && root.st_uid == name.st_uid;
  return {is_theirs ? Whose::of_other : Whose::forged, 0, name.st_uid, token_of(name), {0, 0}};
}

Opened open_entry(const Root& root, const ObjectName& object, int flags) {
  struct stat found;
  if (const int error = sys::fstatat(AT_FDCWD, root.pool_entry(object).c_str(), &found, AT_SYMLINK_NOFOLLOW))
    return {error == -ENOENT ? Found::absent : Found::failed, error};
  // By what the entry says, which its name says too: one link less to follow.
  sys::Patience patience(reply_milliseconds);
  return finish(
      open_of_own(root.link_text(object).c_str(), {object, root.size()}, Link::held, flags, found.st_atim, patience),
      flags);
}

Opened open_object(const char* path, int flags, int base, long milliseconds) {
  ObjectName last = {0, 0};
  sys::Patience patience(milliseconds);
  // As a rule an own object is opened at the first look, and recognised by its mark.
  Link how = *path ? Link::by_name : Link::held;
  for (int look = 0; look < most_looks; ++look) {
    const bool holds = how == Link::held && *path;
    const sys::Descriptor held(holds ? sys::openat(base, path, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1);
    const int at = holds ? held.get() : base;
    const char* const name = holds ? "" : path;
    char text[longest_link + 1];
    const long length = holds && at < 0 ? at : sys::readlinkat(at, name, text, longest_link);
    if (length < 0) {
      if (length == -ENOENT) return {Found::absent, -ENOENT};
      return {is_no_link(at, name, static_cast<int>(length)) ? Found::ordinary : Found::failed,
              static_cast<int>(length)};
    }
    text[length] = '\0';
    LinkText link;
    if (!parse_link(text, static_cast<std::size_t>(length), link)) return {Found::other_link, 0};
    const Owner owner = owner_of_link(at, name, text, link);
    if (owner.whose == Whose::forged) return {Found::other_link, 0};
    if (owner.whose == Whose::unknown && owner.error != -ENOENT) return {Found::failed, owner.error};
    if (owner.whose == Whose::unknown) continue;  // it has disappeared meanwhile
    const int fd = owner.whose == Whose::own ? open_of_own(text, link, how, flags, owner.mark, patience)
                   : how == Link::held       ? open_of_other(text, link, flags, owner, patience)
                                             : -ESTALE;
    if (how == Link::by_name && has_to_ask(fd)) {
      how = Link::held;
      continue;
    }
    const Opened opened = finish(fd, flags);
    if (opened.found != Found::stale) return opened;
    if (!(link.object == last)) {  // the first look at this one: has the name changed meanwhile?
      last = link.object;
      continue;
    }
    // If the keeper has answered that the object is gone, it is. A busy keeper may not have answered.
    if (opened.fd_or_error == -ESTALE || !has_keeper(Root(text, link.root_length))) break;
    if (!patience.wait()) return {Found::failed, -ETIMEDOUT};
  }
  return {Found::stale, -ENOENT};
}

}  // namespace devshm::store
