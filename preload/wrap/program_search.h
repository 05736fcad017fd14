// SPDX-License-Identifier: MIT
//
// Programs by name, as execvp and posix_spawnp find them in $PATH. libc does the search by itself, where no wrapper
// sees it; so where PATH leads into /dev/shm the program is looked for here first.
//
// Async-signal-safe; errno stays as it was.
#pragma once

#include <cstddef>

namespace [[gnu::visibility("hidden")]] devshm {

/// The bytes that find_program() needs to look for `file` in `path`, which is $PATH; 0 if libc's own search will do:
/// the name has a slash in it, or PATH has nothing to do with /dev/shm.
std::size_t room_for_search(const char* file, const char* path);

/// What the search comes to, as a path in `memory`, if it leads through /dev/shm, where libc's own would not find the
/// way: to the first program of that name, or to something that fails as the search is to fail. Else `file` itself.
const char* find_program(const char* file, const char* path, char* memory);

}  // namespace devshm
