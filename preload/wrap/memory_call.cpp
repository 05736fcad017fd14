// SPDX-License-Identifier: MIT
#include "memory_call.h"

#include <stdio.h>

#include "../descriptor_path.h"
#include "../memory.h"
#include "../sys.h"
#include "../text.h"
#include "wrapper.h"

namespace devshm {
namespace {

template <class T>
T* pointer(long word) {
  return reinterpret_cast<T*>(word);
}

/// The mode without 'x', for an object that the call itself has just created.
class ExistingMode {
 public:
  explicit ExistingMode(const char* mode) {
    char* at = text_;
    for (; *mode && at < text_ + sizeof text_ - 1; ++mode)
      if (*mode != 'x') *at++ = *mode;
    *at = '\0';
  }
  const char* c_str() const { return text_; }

 private:
  char text_[48];
};

/// A descriptor or a negative errno, as the function returns it.
long finish(const Call& call, int fd) { return fd < 0 ? call.fail(-fd) : fd; }

long open_for(const Call& call, const char* path, int flags, mode_t mode) {
  const int fd = open_memory(path, flags, mode);
  return fd == not_memory ? call.invoke() : finish(call, fd);
}

/// The flags that fopen(3) derives from its mode; -1 for a mode that it refuses.
int flags_of(const char* mode) {
  int flags = mode[0] == 'r'   ? O_RDONLY
              : mode[0] == 'w' ? O_WRONLY | O_CREAT | O_TRUNC
              : mode[0] == 'a' ? O_WRONLY | O_CREAT | O_APPEND
                               : -1;
  if (flags < 0) return flags;
  for (const char* letter = mode + 1; *letter && *letter != ','; ++letter) {
    if (*letter == '+') flags = (flags & ~O_ACCMODE) | O_RDWR;
    if (*letter == 'x') flags |= O_EXCL;
    if (*letter == 'e') flags |= O_CLOEXEC;
  }
  return flags;
}

/// Opens a stream on the descriptor. If fdopen(3) would not understand the mode, libc opens the object again by its
/// descriptor.
FILE* stream_on(int fd, const char* mode) {
  if (!has_letter(mode, ',')) return fdopen(fd, mode);
  FILE* const stream = NEXT(fopen)(DescriptorPath(fd).c_str(), ExistingMode(mode).c_str());
  if (stream) sys::close(fd);
  return stream;
}

/// Lets freopen(3) itself open the object, by its descriptor.
long reopen_for(const Call& call, long* words) {
  const auto* const path = pointer<const char>(words[0]);
  const auto* const mode = pointer<const char>(words[1]);
  const int flags = path ? flags_of(mode) : -1;
  const int fd = flags < 0 ? not_memory : open_memory(path, flags, 0666);
  if (fd < 0) return call.invoke();
  const DescriptorPath by_descriptor(fd);
  const ExistingMode existing(mode);
  words[0] = sys::word(by_descriptor.c_str());
  words[1] = sys::word(existing.c_str());
  const long stream = call.invoke();
  sys::close(fd);
  return stream;
}

/// Creates an object for mkstemp and the like. Other functions with a template create no file.
long make_temporary(const Call& call, const Function& function, const long* words) {
  const char* const name = function.name();
  if (!begins_with(name, "mkstemp") && !begins_with(name, "mkostemp")) return call.invoke();
  const TemporaryOptions options = temporary_options(name, words);
  const int fd = make_temporary_memory(pointer<char>(words[0]), options.suffix_length, options.flags);
  return fd == not_memory ? call.invoke() : finish(call, fd);
}

/// Makes the call. The kernel follows an object's name only for the keeper's user, in the same pid namespace. For
/// others the call is repeated with the path of a descriptor that the keeper sends.
long invoke_and_follow(const Call& call, const Function& function, long& path) {
  const int errno_before = errno;
  const long result = call.invoke();
  if (!call.has_failed(result)) return result;
  const int error = function.failure == Failure::error_number ? static_cast<int>(result) : errno;
  if (error != EACCES && error != ENOENT) return result;
  const FollowedObject object(AT_FDCWD, pointer<const char>(path));
  if (!object.is_found()) return result;
  path = sys::word(object.path());
  const long repeated = call.invoke();
  if (!call.has_failed(repeated)) errno = errno_before;
  return repeated;
}

/// Makes a call that happens once, or whose failure does not say why: with such a path at once, if the name can't be
/// followed.
long follow_and_invoke(const Call& call, long& path) {
  const auto* const name = pointer<const char>(path);
  const FollowedObject object(AT_FDCWD, sys::access(name, F_OK) == 0 ? nullptr : name);
  if (object.is_found()) path = sys::word(object.path());
  return call.invoke();
}

}  // namespace

TemporaryOptions temporary_options(const char* function, const long* words) {
  const bool has_flags = begins_with(function, "mko");
  const bool has_suffix = function[length_of(function) - 1] == 's';
  return {has_suffix ? static_cast<int>(words[1]) : 0, has_flags ? static_cast<int>(words[has_suffix ? 2 : 1]) : 0};
}

bool open_stream_in_memory(const char* path, const char* mode, long& stream) {
  const int flags = flags_of(mode);
  const int fd = flags < 0 ? not_memory : open_memory(path, flags, 0666);
  if (fd == not_memory) return false;
  if (fd < 0) {
    errno = -fd;
    stream = 0;
    return true;
  }
  FILE* const opened = stream_on(fd, mode);
  if (!opened) sys::close(fd);
  stream = sys::word(opened);
  return true;
}

long invoke_for_memory(const Call& call, const Function& function, const PathArg& path, Words& words) {
  long* const at = words + path.position - 1;
  const auto* const name = pointer<const char>(at[0]);
  const int flags = static_cast<int>(at[1]);
  switch (path.role) {
    case Role::opened:
      if (flags & O_CREAT && gets_no_mode(function.name())) break;
      return open_for(call, name, flags, static_cast<mode_t>(at[2]));
    case Role::created: return open_for(call, name, O_CREAT | O_WRONLY | O_TRUNC, static_cast<mode_t>(at[1]));
    case Role::streamed: {
      long stream;
      return open_stream_in_memory(name, pointer<const char>(at[1]), stream) ? stream : call.invoke();
    }
    case Role::restreamed: return reopen_for(call, at);
    case Role::pattern: return make_temporary(call, function, at);
    case Role::moved: {
      const NamesLocked locked;
      return call.invoke();
    }
    case Role::changed:
      // Another process may have got the dead keeper's id: then the kernel would follow the name to its descriptors.
      if (FollowedObject(AT_FDCWD, name).is_stale()) return call.fail(ENOENT);
      [[fallthrough]];
    case Role::named:
    case Role::spawned:
    case Role::searched:
      return call.happens_once() || function.failure == Failure::null_alone ? follow_and_invoke(call, at[0])
                                                                            : invoke_and_follow(call, function, at[0]);
    default: break;
  }
  return call.invoke();
}

}  // namespace devshm
