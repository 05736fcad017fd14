// SPDX-License-Identifier: MIT
#include "failing_sys.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "../../../daemon/content_syscalls.h"

namespace failing_sys {
namespace {

std::string failing;
int with, after, descriptors, backings, last_backing;

int failure(const char* name) {
  if (failing != name) return 0;
  if (after-- > 0) return 0;
  failing.clear();
  return with;
}

}  // namespace

void fail(const std::string& name, int error, int later) {
  failing = name;
  with = error;
  after = later;
}
void heal() { failing.clear(); }
int open_descriptors() { return descriptors; }
int open_backings() { return backings; }

// For below alone.
int made(int fd);
int made_backing();
void closed_backing();
void closed();
int asked(const char* name);

int made(int fd) {
  if (fd >= 0) ++descriptors;
  return fd < 0 ? -errno : fd;
}
void closed() { --descriptors; }
int made_backing() {
  ++backings;
  return ++last_backing;
}
void closed_backing() { --backings; }
int asked(const char* name) { return failure(name); }

}  // namespace failing_sys

namespace devshmd::content_syscalls {
namespace {

template <class Call>
auto run(const char* name, Call call) -> decltype(call()) {
  if (const int error = failing_sys::asked(name)) return -error;
  const auto result = call();
  return result < 0 ? -errno : result;
}

}  // namespace

int memfd_create() {
  if (const int error = failing_sys::asked("memfd_create")) return -error;
  return failing_sys::made(::memfd_create("test", MFD_CLOEXEC));
}
int unnamed_file(int directory) {
  if (const int error = failing_sys::asked("unnamed_file")) return -error;
  return failing_sys::made(::openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}
int close(int fd) {
  failing_sys::closed();
  return ::close(fd);
}
int fstat(int fd, struct stat& out) {
  return run("fstat", [&] { return ::fstat(fd, &out); });
}
int ftruncate(int fd, off_t size) {
  return run("ftruncate", [&] { return ::ftruncate(fd, size); });
}
int fallocate(int fd, int mode, off_t offset, off_t length) {
  return run("fallocate", [&] { return ::fallocate(fd, mode, offset, length); });
}
off_t lseek(int fd, off_t offset, int whence) {
  return run("lseek", [&] { return ::lseek(fd, offset, whence); });
}
ssize_t pread(int fd, char* to, std::size_t size, off_t offset) {
  return run("pread", [&] { return ::pread(fd, to, size, offset); });
}
ssize_t pwrite(int fd, const char* from, std::size_t size, off_t offset) {
  return run("pwrite", [&] { return ::pwrite(fd, from, size, offset); });
}
// No kernel is asked: there is no mount.
int open_backing(int, int) {
  if (const int error = failing_sys::asked("open_backing")) return -error;
  return failing_sys::made_backing();
}
int close_backing(int, int) {
  failing_sys::closed_backing();
  return 0;
}

}  // namespace devshmd::content_syscalls
