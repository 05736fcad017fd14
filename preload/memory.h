// SPDX-License-Identifier: MIT
//
// Implements DEVSHM_STORE=memory: what a program creates below /dev/shm is an object of the memory store
// (store/names.h), and the program sees it as a regular file.
//
// Paths here are those of the backing directory, as the kernel gets them. Async-signal-safe and thread-safe; errno
// stays as it was.
#pragma once

#include <errno.h>
#include <sys/stat.h>

#include <cstddef>

#include "descriptor_path.h"

namespace [[gnu::visibility("hidden")]] devshm {

/// The call is not for the store, and has to be made as with DEVSHM_STORE=disk.
inline constexpr int not_memory = -4097;

/// Whether objects are memory in this process: with DEVSHM_STORE=memory, unless a creation has shown that no store is
/// possible here.
bool memory_serves();

/// Whether objects of this process are memory. With DEVSHM_STORE=disk it reads the environment once, needs no other
/// setting, and makes no system call. If the program has cleared its environment, the answer is no until a setting is
/// needed.
bool memory_is_in_use();

/// Does what open(2) does with these flags and, if they have O_CREAT, this mode. Returns a descriptor, a negative
/// errno, or not_memory; with DEVSHM_STORE=disk always not_memory.
int open_memory(const char* path, int flags, mode_t mode);

/// The same for shm_open(3).
int shm_open_memory(const char* name, int flags, mode_t mode);

/// With DEVSHM_STORE=disk, for a name that shm_open(3) has found to be a link: opens the object, if it is one.
int shm_open_link(const char* name, int flags);

/// Creates an object under a name made of `pattern`, whose letters "XXXXXX" before the last `suffix_length` ones are
/// replaced, as mkstemp(3) does. Returns as open_memory() does; not_memory also for a pattern that is none.
int make_temporary_memory(char* pattern, int suffix_length, int flags);

/// Corrects what a function of the stat family has returned for `path`, which starts at the descriptor `dir`: if the
/// name is an object's, replaces what is known about the link by what is known about the object. Returns 0, or a
/// negative errno: -ENOENT for an object that is gone with its keeper, -ETIMEDOUT as open_object() does.
int correct_status(int dir, const char* path, struct stat& found);
int correct_status(int dir, const char* path, struct statx& found);

/// Finds out what the kernel says of an object: of `name`, a link, and of the memory itself, whose device and inode are
/// those in /proc. Without the right to read or write the object, all but its mode and size is the link's. Returns as
/// correct_status() does.
int status_of_memory(int dir, const char* path, struct stat& name, struct stat& memory);

/// For a function that walks through a directory and has found this at `path`: whether it is an object, which `found`
/// then describes. With DEVSHM_STORE=disk it returns false at once.
bool is_found_object(const char* path, struct stat& found);

/// To be called after O_NOFOLLOW has failed: opens what `path` names if that is an object. Returns as open_memory()
/// does.
int open_link(int dir, const char* path, int flags);

/// What a name, which starts at the descriptor `dir`, leads to, if it is an object's: where the kernel could not follow
/// it, or might follow it to something else. It gives a path that this process can follow for as long as this lives.
class FollowedObject {
 public:
  FollowedObject(int dir, const char* path);
  ~FollowedObject();
  FollowedObject(const FollowedObject&) = delete;

  bool is_found() const { return fd_ >= 0; }
  /// Whether it is a name whose object is gone.
  bool is_stale() const { return fd_ == -ENOENT; }
  const char* path() const { return path_.c_str(); }

 private:
  int fd_;
  DescriptorPath path_;
};

/// Whether the name, which starts at the descriptor `dir`, is an object's.
bool is_memory_name(int dir, const char* path);

/// Whether a link with this text is an object's name.
bool is_memory_link(const char* text, std::size_t length);

/// Exists while names are renamed: names that lead nowhere must not be removed meanwhile (store/lock.h).
class NamesLocked {
 public:
  NamesLocked();
  ~NamesLocked();
  NamesLocked(const NamesLocked&) = delete;

 private:
  alignas(int) char lock_[sizeof(int)];
  bool is_made_ = false;
};

}  // namespace devshm
