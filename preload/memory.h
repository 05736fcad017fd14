// SPDX-License-Identifier: MIT
//
// DEVSHM_STORE=memory: what a program creates below /dev/shm is an object of the memory store (store/names.h), and what
// it sees of one is a regular file.
//
// Paths here are those of the backing directory, as the kernel gets them. Async-signal-safe and thread-safe; errno
// stays as it was.
#pragma once

#include <sys/stat.h>

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

/// What is not for the store: the call is to be made as ever.
inline constexpr int not_memory = -4097;

/// Whether objects are memory in this process: with DEVSHM_STORE=memory, unless a creation has shown that no store can
/// be had here.
bool memory_serves();

/// Whether objects of this process are memory. With DEVSHM_STORE=disk it looks at the environment once, reads no other
/// setting, and makes no system call; if the program has cleared its environment, the answer is no until a setting is
/// needed.
bool memory_is_in_use();

/// Opens as open(2) with these flags and, if they have O_CREAT, this mode. Returns a descriptor, a negative errno, or
/// not_memory. With DEVSHM_STORE=disk always the last.
int open_memory(const char* path, int flags, mode_t mode);

/// The same for shm_open(3).
int shm_open_memory(const char* name, int flags, mode_t mode);

/// With DEVSHM_STORE=disk, for a name that shm_open(3) has found to be a link: opens the object, if it is one.
int shm_open_link(const char* name, int flags);

/// Creates an object under a name made of `pattern`, whose letters "XXXXXX" before the last `suffix_length` ones are
/// replaced, as mkstemp(3) does. Returns as open_memory() does; not_memory also for a pattern that is none.
int make_temporary_memory(char* pattern, int suffix_length, int flags);

/// Corrects what a function of the stat family has said of `path`, which starts at the descriptor `dir`: for the link
/// that an object's name is, it says what the object is. 0, or a negative errno: an object that is gone with its keeper
/// is not there.
int correct_status(int dir, const char* path, struct stat& found);
int correct_status(int dir, const char* path, struct statx& found);

/// For a function that walks through a directory and has found this at `path`: whether it is an object, which `found`
/// then describes. False at once with DEVSHM_STORE=disk.
bool is_found_object(const char* path, struct stat& found);

/// After O_NOFOLLOW has failed: opens what `path` names if that is an object. As open_memory().
int open_link(int dir, const char* path, int flags);

/// Where the kernel could not follow a name, which starts at the descriptor `dir`: what it leads to, if it is an
/// object's, by a path that this process can follow for as long as this lives.
class FollowedObject {
 public:
  FollowedObject(int dir, const char* path);
  ~FollowedObject();
  FollowedObject(const FollowedObject&) = delete;

  bool is_found() const { return fd_ >= 0; }
  const char* path() const { return path_; }

 private:
  int fd_;
  char path_[32];
};

/// Whether the name, which starts at the descriptor `dir`, is an object's.
bool is_memory_name(int dir, const char* path);

/// Whether this is what a link says that is an object's name.
bool is_memory_link(const char* text, std::size_t length);

/// Held while names are renamed: none that leads nowhere may be removed meanwhile (store/lock.h).
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
