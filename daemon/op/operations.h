// SPDX-License-Identifier: MIT
// The answers to FUSE's requests, one file each. They run on several threads at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../fuse.h"

namespace devshmd::op {

void init(void* userdata, fuse_conn_info* connection);

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name);
void forget(fuse_req_t request, fuse_ino_t ino, std::uint64_t lookups);
void forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets);
void getattr(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info);
void setattr(fuse_req_t request, fuse_ino_t ino, struct stat* wanted, int to_set, fuse_file_info* info);
void readlink(fuse_req_t request, fuse_ino_t ino);
void mknod(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, dev_t device);
void mkdir(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode);
void unlink(fuse_req_t request, fuse_ino_t parent, const char* name);
void rmdir(fuse_req_t request, fuse_ino_t parent, const char* name);
void symlink(fuse_req_t request, const char* target, fuse_ino_t parent, const char* name);
void rename(fuse_req_t request, fuse_ino_t parent, const char* name, fuse_ino_t new_parent, const char* new_name,
            unsigned flags);
void link(fuse_req_t request, fuse_ino_t ino, fuse_ino_t new_parent, const char* new_name);
void open(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info);
void create(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* info);
void read(fuse_req_t request, fuse_ino_t ino, std::size_t size, off_t offset, fuse_file_info* info);
void write(fuse_req_t request, fuse_ino_t ino, const char* bytes, std::size_t size, off_t offset, fuse_file_info* info);
void release(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info);
void opendir(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info);
void readdir(fuse_req_t request, fuse_ino_t ino, std::size_t size, off_t offset, fuse_file_info* info);
void releasedir(fuse_req_t request, fuse_ino_t ino, fuse_file_info* info);
void statfs(fuse_req_t request, fuse_ino_t ino);
void setxattr(fuse_req_t request, fuse_ino_t ino, const char* name, const char* value, std::size_t size, int flags);
void getxattr(fuse_req_t request, fuse_ino_t ino, const char* name, std::size_t size);
void listxattr(fuse_req_t request, fuse_ino_t ino, std::size_t size);
void removexattr(fuse_req_t request, fuse_ino_t ino, const char* name);
void access(fuse_req_t request, fuse_ino_t ino, int mask);
void fallocate(fuse_req_t request, fuse_ino_t ino, int mode, off_t offset, off_t length, fuse_file_info* info);
void lseek(fuse_req_t request, fuse_ino_t ino, off_t offset, int whence, fuse_file_info* info);

/// O_TMPFILE comes as a `create` of a file that gets no name (see loop.cpp): this thread's current one is.
inline thread_local bool is_tmpfile = false;
/// This thread's current request has to take set-id bits away (the caller has no CAP_FSETID).
inline thread_local bool kills_set_ids = false;

}  // namespace devshmd::op
