// SPDX-License-Identifier: MIT
// Makes the system calls that contents of files rest on. Each returns 0 or more, or -errno. The unit tests link their
// own versions, which fail on demand.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>

namespace devshmd::content_syscalls {

int memfd_create();
int unnamed_file(int directory);  ///< O_TMPFILE in a directory that is open
int close(int fd);
int fstat(int fd, struct stat& out);
int ftruncate(int fd, off_t size);
int fallocate(int fd, int mode, off_t offset, off_t length);
off_t lseek(int fd, off_t offset, int whence);
ssize_t pread(int fd, char* to, std::size_t size, off_t offset);
ssize_t pwrite(int fd, const char* from, std::size_t size, off_t offset);
int open_backing(int fuse_fd, int fd);  ///< for FUSE passthrough: the kernel's own number for the file `fd`
int close_backing(int fuse_fd, int id);

}  // namespace devshmd::content_syscalls
