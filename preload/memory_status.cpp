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

/// Whether the kernel may have found an object: as a link, or as memory, which has no links.
bool may_be_object(mode_t mode, unsigned long links) { return S_ISLNK(mode) || (S_ISREG(mode) && links == 0); }

/// Replaces what is known about the link by what is known about the object.
int find_status(int dir, const char* path, struct stat& out) {
  struct stat name;
  if (const int error = status_of_memory(dir, path, name, out)) return error;
  if (out.st_dev != name.st_dev) out.st_ino = shown_inode(out.st_ino);
  out.st_dev = name.st_dev;
  out.st_nlink = name.st_nlink;
  return 0;
}

struct timespec time_of(const struct statx_timestamp& from) {
  return {from.tv_sec, from.tv_nsec};
}

void put_time(struct statx_timestamp& to, const struct timespec& from) {
  to.tv_sec = from.tv_sec;
  to.tv_nsec = static_cast<std::uint32_t>(from.tv_nsec);
}

// The kernel puts the two numbers of a device into a dev_t like this.
dev_t device_of(const struct statx& from) {
  const dev_t minor = from.stx_dev_minor;
  return (minor & 0xff) | dev_t{from.stx_dev_major} << 8 | (minor & ~dev_t{0xff}) << 12;
}

void put_device(struct statx& to, dev_t device) {
  to.stx_dev_major = static_cast<std::uint32_t>(device >> 8 & 0xfff);
  to.stx_dev_minor = static_cast<std::uint32_t>((device & 0xff) | (device >> 12 & 0xfff00));
}

struct stat status_from(const struct statx& from) {
  struct stat to = {};
  to.st_dev = device_of(from);
  to.st_ino = from.stx_ino;
  to.st_mode = from.stx_mode;
  to.st_nlink = from.stx_nlink;
  to.st_uid = from.stx_uid;
  to.st_gid = from.stx_gid;
  to.st_size = static_cast<off_t>(from.stx_size);
  to.st_blocks = static_cast<blkcnt_t>(from.stx_blocks);
  to.st_blksize = static_cast<blksize_t>(from.stx_blksize);
  to.st_atim = time_of(from.stx_atime);
  to.st_mtim = time_of(from.stx_mtime);
  to.st_ctim = time_of(from.stx_ctime);
  return to;
}

void put_status(struct statx& to, const struct stat& from) {
  put_device(to, from.st_dev);
  to.stx_ino = from.st_ino;
  to.stx_mode = static_cast<std::uint16_t>(from.st_mode);
  to.stx_nlink = static_cast<std::uint32_t>(from.st_nlink);
  to.stx_uid = from.st_uid;
  to.stx_gid = from.st_gid;
  to.stx_size = static_cast<std::uint64_t>(from.st_size);
  to.stx_blocks = static_cast<std::uint64_t>(from.st_blocks);
  to.stx_blksize = static_cast<std::uint32_t>(from.st_blksize);
  put_time(to.stx_atime, from.st_atim);
  put_time(to.stx_mtime, from.st_mtim);
  put_time(to.stx_ctime, from.st_ctim);
}

}  // namespace

int status_of_memory(int dir, const char* path, struct stat& name, struct stat& out) {
  if (const int error = sys::fstatat(dir, path, &name, AT_SYMLINK_NOFOLLOW)) return error;
  store::Opened opened = {Found::stale, 0};
  // Another user's keeper opens an object only as its mode allows, so try each way.
  static constexpr int allowed[] = {O_PATH, O_RDONLY, O_WRONLY};
  for (const int flags : allowed) {
    opened = store::open_object(path, flags | O_CLOEXEC, dir);
    if (opened.found != Found::failed || opened.fd_or_error != -EACCES) break;
  }
  if (opened.found == Found::opened) {
    const int error = sys::fstat(opened.fd_or_error, &out);
    sys::close(opened.fd_or_error);
    return error;
  }
  if (opened.found == Found::failed && opened.fd_or_error == -EACCES) {  // its mode allows us nothing
    out = name;
    out.st_mode = S_IFREG;
    out.st_size = 0;
    out.st_blocks = 0;
    out.st_mtim = out.st_ctim;  // a link's is not a time (store/link_token.h)
    return 0;
  }
  return opened.found == Found::failed ? opened.fd_or_error : -ENOENT;
}

int correct_status(int dir, const char* path, struct stat& found) {
  if (!may_be_object(found.st_mode, found.st_nlink)) return 0;
  const bool was_opened = !path || !*path;
  if (was_opened && S_ISREG(found.st_mode)) {
    correct_open_status(dir, found);
    return 0;
  }
  return with_room([&] {
    if (path && is_memory_name(dir, path)) return find_status(dir, path, found);
    if (was_opened || S_ISLNK(found.st_mode)) return 0;
    // It was found through a symbolic link of the program, or through /proc/self/fd.
    const sys::Descriptor file(sys::openat(dir, path, O_PATH | O_CLOEXEC));
    if (file.is_open()) correct_open_status(file.get(), found);
    return 0;
  });
}

int correct_status(int dir, const char* path, struct statx& found) {
  if (!may_be_object(found.stx_mode, found.stx_nlink)) return 0;
  struct stat status = status_from(found);
  if (const int error = correct_status(dir, path, status)) return error;
  put_status(found, status);
  return 0;
}

bool is_found_object(const char* path, struct stat& found) {
  if (!memory_is_in_use() || !may_be_object(found.st_mode, found.st_nlink)) return false;
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
