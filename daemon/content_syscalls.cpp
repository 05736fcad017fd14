// SPDX-License-Identifier: MIT
#include "content_syscalls.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "protocol.h"

namespace devshmd::content_syscalls {
namespace {

template <class Result>
Result or_errno(Result result) {
  return result < 0 ? -errno : result;
}

}  // namespace

int memfd_create() { return or_errno(::memfd_create("devshm", MFD_CLOEXEC)); }
int unnamed_file(int directory) { return or_errno(::openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)); }
int close(int fd) { return or_errno(::close(fd)); }
int fstat(int fd, struct stat& out) { return or_errno(::fstat(fd, &out)); }
int ftruncate(int fd, off_t size) { return or_errno(::ftruncate(fd, size)); }
int fallocate(int fd, int mode, off_t offset, off_t length) { return or_errno(::fallocate(fd, mode, offset, length)); }
off_t lseek(int fd, off_t offset, int whence) { return or_errno(::lseek(fd, offset, whence)); }
ssize_t pread(int fd, char* to, std::size_t size, off_t offset) { return or_errno(::pread(fd, to, size, offset)); }
ssize_t pwrite(int fd, const char* from, std::size_t size, off_t offset) {
  return or_errno(::pwrite(fd, from, size, offset));
}
int open_backing(int fuse_fd, int fd) {
  protocol::BackingMap map{fd, 0, 0};
  return or_errno(::ioctl(fuse_fd, protocol::open_backing, &map));
}
int close_backing(int fuse_fd, int id) {
  auto number = static_cast<std::uint32_t>(id);
  return or_errno(::ioctl(fuse_fd, protocol::close_backing, &number));
}

}  // namespace devshmd::content_syscalls
