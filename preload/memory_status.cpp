// SPDX-License-Identifier: MIT
//
// Makes programs see an object as a regular file.
#include <errno.h>

#include "memory.h"
#include "object_names.h"
#include "roomy_stack.h"
#include "store/kernel.h"
#include "store/open_object.h"
#include "sys.h"
#include "text.h"

namespace devshm {
namespace {

using store::Found;

/// Finds out the status of an object. A memfd has no links, so the object has those of its name's inode. False if it is
/// gone.
template <class Status>
bool status_of_object(int dir, const char* path, Status& out);

template <>
bool status_of_object(int dir, const char* path, struct stat& out) {
  struct stat name;
  if (sys::fstatat(dir, path, &name, AT_SYMLINK_NOFOLLOW) != 0) return false;
  store::Opened opened = {Found::stale, 0};
  // Another user's keeper opens an object only as its mode allows, so try each way.
  static constexpr int allowed[] = {O_PATH, O_RDONLY, O_WRONLY};
  for (const int flags : allowed) {
    opened = store::open_object(path, flags | O_CLOEXEC, dir);
    if (opened.found != Found::failed || opened.fd_or_error == -ETIMEDOUT) break;
  }
  if (opened.found == Found::opened) {
    const int error = sys::fstat(opened.fd_or_error, &out);
    sys::close(opened.fd_or_error);
    if (error) return false;
  } else if (opened.found == Found::failed) {  // its mode allows us nothing
    out = name;
    out.st_mode = S_IFREG;
    out.st_size = 0;
    out.st_blocks = 0;
    out.st_mtim = out.st_ctim;  // a link's is not a time (store/link_token.h)
  } else {
    return false;
  }
  out.st_nlink = name.st_nlink;
  return true;
}

template <>
bool status_of_object(int dir, const char* path, struct statx& out) {
  struct stat object;
  if (!status_of_object(dir, path, object)) return false;
  out.stx_mode = static_cast<std::uint16_t>(object.st_mode);
  out.stx_nlink = static_cast<std::uint32_t>(object.st_nlink);
  out.stx_uid = object.st_uid;
  out.stx_gid = object.st_gid;
  out.stx_ino = object.st_ino;
  out.stx_size = static_cast<std::uint64_t>(object.st_size);
  out.stx_blocks = static_cast<std::uint64_t>(object.st_blocks);
  out.stx_blksize = static_cast<std::uint32_t>(object.st_blksize);
  const auto put_time = [](struct statx_timestamp& to, const struct timespec& from) {
    to.tv_sec = from.tv_sec;
    to.tv_nsec = static_cast<std::uint32_t>(from.tv_nsec);
  };
  put_time(out.stx_atime, object.st_atim);
  put_time(out.stx_mtime, object.st_mtim);
  put_time(out.stx_ctime, object.st_ctim);
  // The kernel puts the two numbers into a dev_t like this.
  out.stx_dev_major = static_cast<std::uint32_t>(object.st_dev >> 8 & 0xfff);
  out.stx_dev_minor = static_cast<std::uint32_t>((object.st_dev & 0xff) | (object.st_dev >> 12 & 0xfff00));
  return true;
}

/// The number of links of an object that was found through a symbolic link of the program or through /proc/self/fd.
unsigned long links_of_followed(int dir, const char* path) {
  if (!path || !*path) return links_of_descriptor(dir);
  const sys::Descriptor object(sys::openat(dir, path, O_PATH | O_CLOEXEC));
  return object.is_open() ? links_of_descriptor(object.get()) : 0;
}

void set_links(struct stat& found, unsigned long links) { found.st_nlink = static_cast<nlink_t>(links); }
void set_links(struct statx& found, unsigned long links) { found.stx_nlink = static_cast<std::uint32_t>(links); }

template <class Status>
int correct(int dir, const char* path, Status& found, mode_t mode, unsigned long links) {
  if (!S_ISLNK(mode) && (!S_ISREG(mode) || links != 0)) return 0;
  return with_room([&] {
    if (path && is_memory_name(dir, path)) return status_of_object(dir, path, found) ? 0 : -ENOENT;
    if (S_ISREG(mode)) set_links(found, links_of_followed(dir, path));
    return 0;
  });
}

}  // namespace

int correct_status(int dir, const char* path, struct stat& found) {
  return correct(dir, path, found, found.st_mode, found.st_nlink);
}
int correct_status(int dir, const char* path, struct statx& found) {
  return correct(dir, path, found, found.stx_mode, found.stx_nlink);
}

bool is_found_object(const char* path, struct stat& found) {
  if (!memory_is_in_use() || (!S_ISLNK(found.st_mode) && (!S_ISREG(found.st_mode) || found.st_nlink != 0)))
    return false;
  return correct_status(AT_FDCWD, path, found) == 0 && S_ISREG(found.st_mode);
}

FollowedObject::FollowedObject(int dir, const char* path)
    : fd_(path && *path ? open_link(dir, path, O_PATH | O_CLOEXEC) : not_memory), path_(fd_) {}

FollowedObject::~FollowedObject() {
  if (is_found()) sys::close(fd_);
}

bool is_memory_name(int dir, const char* path) {
  return with_room([&] {
    char text[160];
    const long length = sys::readlinkat(dir, path, text, sizeof text);
    store::LinkText link;
    if (length <= 0 || !store::parse_link(text, static_cast<std::size_t>(length), link)) return false;
    return store::counts(store::owner_of_link(dir, path, text, link).whose);
  });
}

bool is_memory_link(const char* text, std::size_t length) {
  store::LinkText link;
  return store::parse_link(text, length, link);
}

}  // namespace devshm
