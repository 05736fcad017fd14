// SPDX-License-Identifier: MIT
#include "memory_call.h"

#include <stdio.h>

#include "../memory.h"
#include "../sys.h"
#include "../text.h"

namespace devshm {
namespace {

template <class T>
T* pointer(long word) {
  return reinterpret_cast<T*>(word);
}

/// A descriptor or a negative errno, as the function returns it.
long finish(const Call& call, int fd) { return fd < 0 ? call.fail(-fd) : fd; }

/// libc's fortified functions end the program if the flags want a mode, which they have none of.
bool ends_the_program(const Function& function, int flags) {
  return begins_with(function.name(), "__open") && flags & O_CREAT;
}

long open_for(const Call& call, const char* path, int flags, mode_t mode) {
  const int fd = open_memory(path, flags, mode);
  return fd == not_memory ? call.invoke() : finish(call, fd);
}

/// What fopen(3) makes of its mode; -1 for one that it refuses.
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

long stream_for(const Call& call, const char* path, const char* mode) {
  const int flags = flags_of(mode);
  const int fd = flags < 0 ? not_memory : open_memory(path, flags, 0666);
  if (fd == not_memory) return call.invoke();
  if (fd < 0) return call.fail(-fd);
  FILE* const stream = fdopen(fd, mode);
  if (!stream) sys::close(fd);
  return sys::word(stream);
}

/// mkstemp and its kin: mkostemp has flags, mkstemps a suffix, mkostemps both. The others of this role make no file.
long make_temporary(const Call& call, const Function& function, const long* words) {
  const char* const name = function.name();
  const bool has_flags = begins_with(name, "mko");
  if (!begins_with(name, has_flags ? "mkostemp" : "mkstemp")) return call.invoke();
  const bool has_suffix = name[length_of(name) - 1] == 's';
  const int suffix = has_suffix ? static_cast<int>(words[1]) : 0;
  const int flags = has_flags ? static_cast<int>(words[has_suffix ? 2 : 1]) : 0;
  const int fd = make_temporary_memory(pointer<char>(words[0]), suffix, flags);
  return fd == not_memory ? call.invoke() : finish(call, fd);
}

}  // namespace

long invoke_for_memory(const Call& call, const Function& function, const PathArg& path, const Words& words) {
  const long* const at = words + path.position - 1;
  const auto* const name = pointer<const char>(at[0]);
  const int flags = static_cast<int>(at[1]);
  switch (path.role) {
    case Role::opened:
      if (ends_the_program(function, flags)) break;
      return open_for(call, name, flags, static_cast<mode_t>(at[2]));
    case Role::created: return open_for(call, name, O_CREAT | O_WRONLY | O_TRUNC, static_cast<mode_t>(at[1]));
    case Role::streamed: return stream_for(call, name, pointer<const char>(at[1]));
    case Role::pattern: return make_temporary(call, function, at);
    case Role::moved: {
      const NamesLocked locked;
      return call.invoke();
    }
    default: break;
  }
  return call.invoke();
}

}  // namespace devshm
